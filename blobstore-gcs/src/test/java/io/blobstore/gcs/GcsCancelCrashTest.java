package io.blobstore.gcs;

import com.google.cloud.NoCredentials;
import io.blobstore.BlobStore;
import io.blobstore.Crc32c;
import io.blobstore.Precondition;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.ProcessMaps;
import io.blobstore.http.CancelledUploads;
import io.blobstore.http.CancelledUploads.Series;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedUploads;
import io.blobstore.http.TestAuthority;
import io.blobstore.http.TlsEngine;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Cancels uploads, a thousand in the campaign tier, at random points, and unmaps their memory immediately. Half of them
 * have a condition, so that they create a hidden object first.
 */
class GcsCancelCrashTest {
    private static final String BUCKET = "some-bucket";

    @TempDir
    private Path directory;

    @Test
    void cancellingAnUploadAtAnyPointAndUnmappingIsSafe() throws Exception {
        ProcessMaps.assumeReadable();

        CancelledUploads.requireSurvival(
                Child.class,
                directory,
                new Series(TlsEngine.OPENSSL, false, CampaignScale.of(500)),
                new Series(TlsEngine.OPENSSL, true, CampaignScale.of(250)),
                new Series(TlsEngine.CONSCRYPT, true, CampaignScale.of(250)));
    }

    /** A server of uploads that also has hidden objects, which are copied and deleted by the JSON API. */
    private static final class Uploads extends ScriptedUploads {
        private static final String HIDDEN = ".blobstore-unpublished";
        private static final String CHECKSUM =
                Crc32c.of(ByteBuffer.allocate(CancelledUploads.SIZE)).base64();

        private final Set<String> hidden = ConcurrentHashMap.newKeySet();

        @Override
        public Set<String> left() {
            Set<String> left = new TreeSet<>(super.left());
            left.addAll(hidden);
            return left;
        }

        @Override
        protected String[] completed(String path) {
            if (path.contains(HIDDEN)) {
                hidden.add(unique(path));
            }
            return new String[] {"x-goog-generation: 1", "x-goog-hash: crc32c=" + CHECKSUM};
        }

        @Override
        protected void respondOther(ScriptedExchange exchange) throws IOException {
            String path = exchange.target().replaceFirst("\\?.*", "");
            if (exchange.method().equals("POST") && path.contains("/rewriteTo/")) {
                require(hidden.contains(unique(path.replaceFirst("/rewriteTo/.*", ""))), "nothing to copy: " + path);
                exchange.respond(
                        200,
                        "{\"kind\": \"storage#rewriteResponse\", \"done\": true, \"totalBytesRewritten\": \"1\","
                                + " \"objectSize\": \"1\", \"resource\": {\"kind\": \"storage#object\", \"bucket\": \""
                                + BUCKET + "\", \"name\": \"" + path.replaceFirst(".*/", "")
                                + "\", \"generation\": \"2\", \"size\": \"" + CancelledUploads.SIZE
                                + "\", \"crc32c\": \"" + CHECKSUM + "\"}}",
                        "Content-Type: application/json");
            } else if (exchange.method().equals("DELETE") && path.contains(HIDDEN)) {
                boolean existed = hidden.remove(unique(path));
                exchange.respond(existed ? 204 : 404, "");
            } else if (exchange.method().equals("GET")) { // whether the precondition holds
                exchange.respond(404, "");
            } else {
                super.respondOther(exchange);
            }
        }

        /** Returns the unique part of a hidden name, in a path of either API. */
        private static String unique(String path) {
            return path.replaceFirst(".*" + HIDDEN + "(/|%2F)", "");
        }
    }

    /** The process that may crash. */
    static final class Child extends CancelledUploads {
        private Child() {
            super(new Uploads());
        }

        public static void main(String[] args) throws Exception {
            main(Child::new, args);
        }

        @Override
        protected BlobStore open(ScriptedServer server) throws IOException {
            return GcsBlobStore.builder(BUCKET)
                    .endpoint(URI.create(server.endpoint().toString()))
                    .credentials(NoCredentials.getInstance())
                    .trustManagers(TestAuthority.get().trustManagers())
                    .nativeConditions(true)
                    .open();
        }

        @Override
        protected Precondition condition(Random random) {
            return random.nextBoolean() ? Precondition.none() : Precondition.ifAbsent();
        }
    }
}
