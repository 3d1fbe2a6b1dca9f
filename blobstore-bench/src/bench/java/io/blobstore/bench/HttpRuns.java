package io.blobstore.bench;

import io.blobstore.bench.HttpLoad.Request;
import io.blobstore.bench.ServedContents.Content;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;

/** Rounds of requests to an HTTP server. */
final class HttpRuns {
    /** The header of a client that decodes zstd. */
    static final String ACCEPTS_ZSTD = "Accept-Encoding: zstd\r\n";

    /** One of so many requests puts a content, the others get what is there. */
    private static final int MIX = 4;

    private HttpRuns() {}

    /** Returns the address in a URI. */
    static InetSocketAddress address(String endpoint) {
        URI uri = URI.create(endpoint);
        return new InetSocketAddress(uri.getHost(), uri.getPort());
    }

    /** The requests of a round, made before it. */
    private interface Requests {
        List<Request> make();
    }

    private record Rounds(HttpLoad load, Requests requests, List<Request> ready) implements Workload.Run {
        @Override
        public void prepare() {
            ready.clear();
            ready.addAll(requests.make());
        }

        @Override
        public void round() throws IOException {
            load.run(ready.iterator());
        }

        @Override
        public void close() throws IOException {
            load.close();
        }
    }

    private static Workload.Run rounds(HttpLoad load, Requests requests) {
        return new Rounds(load, requests, new ArrayList<>());
    }

    /** Puts contents that the server does not have: each once. */
    static Workload.Run put(Workload.Spec spec, int connections) throws IOException {
        ServedContents contents = new ServedContents(spec.source(), spec.size());
        return rounds(new HttpLoad(address(spec.endpoint()), connections), () -> puts(contents.next()));
    }

    /**
     * Puts contents, then gets them in each round.
     *
     * @param times how often each is asked for
     * @param headers the lines of more headers
     */
    static Workload.Run get(Workload.Spec spec, int connections, int times, String headers) throws IOException {
        List<Content> contents = new ServedContents(spec.source(), spec.size()).next();
        HttpLoad load = new HttpLoad(address(spec.endpoint()), connections);
        load.run(puts(contents).iterator());
        List<Request> all = new ArrayList<>();
        for (int i = 0; i < times; i++) {
            contents.forEach(content -> all.add(content.get(headers)));
        }
        return rounds(load, () -> all);
    }

    /** Puts new contents, and meanwhile gets others, one in three compressed and the rest as they are. */
    static Workload.Run mixed(Workload.Spec spec, int connections) throws IOException {
        ServedContents contents = new ServedContents(spec.source(), spec.size());
        List<Content> present = contents.next();
        HttpLoad load = new HttpLoad(address(spec.endpoint()), connections);
        load.run(puts(present).iterator());
        return rounds(load, () -> {
            List<Request> mixed = new ArrayList<>();
            List<Content> added = contents.next();
            for (int i = 0; i < added.size(); i++) {
                mixed.add(added.get(i).put());
                for (int get = 1; get < MIX; get++) {
                    Content content = present.get((i * MIX + get) % present.size());
                    mixed.add(content.get(get == 1 ? ACCEPTS_ZSTD : ""));
                }
            }
            return mixed;
        });
    }

    private static List<Request> puts(List<Content> contents) {
        return contents.stream().map(Content::put).toList();
    }
}
