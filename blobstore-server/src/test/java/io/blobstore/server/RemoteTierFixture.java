package io.blobstore.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.LeakCheck;
import io.blobstore.server.ServerFixture.Content;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Servers that share a bucket. */
@ExtendWith(LeakCheck.class)
abstract class RemoteTierFixture {
    static final int MIB = ServerFixture.MIB;

    @TempDir
    Path directory;

    final RemoteBucket bucket = new RemoteBucket();

    ServerFixture start(String name) throws IOException {
        return start(name, builder -> builder);
    }

    ServerFixture start(String name, UnaryOperator<RemoteOptions.Builder> options) throws IOException {
        RemoteOptions remote = options.apply(RemoteOptions.builder(bucket).lookupTimeout(Duration.ofMillis(300)))
                .build();
        return ServerFixture.start(directory.resolve(name), builder -> builder.remote(remote));
    }

    static String key(Content content) {
        return "cas.v2/" + content.hash().substring(0, 2) + "/" + content.hash();
    }

    void upload(ServerFixture server, Content... contents) throws IOException {
        try (RawClient client = server.connect()) {
            for (Content content : contents) {
                assertThat(client.put(content.path(), content.bytes()).status()).isEqualTo(200);
            }
        }
        server.server.close();
    }
}
