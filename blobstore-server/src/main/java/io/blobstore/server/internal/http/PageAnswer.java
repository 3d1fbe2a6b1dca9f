package io.blobstore.server.internal.http;

import io.blobstore.cas.CacheStats;
import io.blobstore.server.internal.ServerContext;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers with a page about the server. */
final class PageAnswer extends Exchange {
    private static final Logger LOG = LoggerFactory.getLogger(PageAnswer.class);

    private final Resource.Page page;

    PageAnswer(Connection connection, HttpRequest head, Resource.Page page) {
        super(connection, head);
        this.page = page;
    }

    @Override
    boolean isPublic() {
        return page == Resource.Page.HEALTH; // it says that the server is there, and nothing else
    }

    @Override
    void begin() {
        connection.onWorker(this::text, this::answer);
    }

    private String text() {
        ServerContext context = connection.endpoint().context();
        return switch (page) {
            case HEALTH -> {
                context.cache().stats(); // throws if the cache was closed
                yield "ok\n";
            }
            case STATUS -> status(context.cache().stats());
            case METRICS -> context.metrics().text(context.cache(), context.workers());
        };
    }

    private void answer(@Nullable String text, @Nullable Throwable failure) {
        if (text == null) {
            LOG.warn("the state of the cache is not known", failure);
            connection.respond(HttpResponseStatus.SERVICE_UNAVAILABLE, "the cache is closed");
            return;
        }
        String type = switch (page) {
            case HEALTH -> "text/plain; charset=utf-8";
            case STATUS -> "application/json";
            case METRICS -> "text/plain; version=0.0.4; charset=utf-8";
        };
        FullHttpResponse response = Responses.body(HttpResponseStatus.OK, type, text);
        response.headers().set(HttpHeaderNames.CACHE_CONTROL, "no-store");
        connection.respond(response);
    }

    /** Returns the state as JSON: the fields of bazel-remote's page, by their names, and some more. */
    private static String status(CacheStats stats) {
        String version = String.valueOf(PageAnswer.class.getPackage().getImplementationVersion());
        return "{\n"
                + field("CurrSize", stats.storedBytes())
                + field("UncompressedSize", stats.contentBytes())
                + field("ReservedSize", stats.reservedBytes())
                + field("MaxSize", stats.maxBytes())
                + field("NumFiles", stats.entries())
                + field("ServerTime", Instant.now().getEpochSecond())
                + " \"GitCommit\": \"blobstore " + version + "\",\n"
                + field("Hits", stats.hits())
                + field("Misses", stats.misses())
                + field("Evictions", stats.evictions())
                + field("Corrupt", stats.corrupt())
                + field("DeletingSize", stats.doomedBytes())
                + " \"Loading\": " + stats.loading() + "\n}\n";
    }

    private static String field(String name, long value) {
        return " \"" + name + "\": " + value + ",\n";
    }
}
