package io.blobstore.gcs.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.cloud.NoCredentials;
import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.StoreOptions;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.ChildJvm;
import io.blobstore.gcs.AppendableUpload;
import io.blobstore.gcs.GcsBlobStore;
import io.blobstore.gcs.GcsTransport;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kills the process that appends after a flush, 20 times in the campaign tier, and resumes in this one. */
class KilledWriterTest {
    private static final BlobKey KEY = BlobKey.of("log");
    private static final int SIZE = 9 << 20;
    private static final Duration TIMEOUT = Duration.ofMinutes(2);

    @TempDir
    private Path directory;

    @Test
    void whatWasFlushedSurvivesTheKillAndTheUploadIsResumed() throws Exception {
        byte[] content = Child.content();
        Random random = new Random(1);
        for (int i = 0; i < (CampaignScale.isFull() ? 20 : 1); i++) {
            try (FakeGrpcStorage fake = FakeGrpcStorage.start()) {
                long flushed;
                long generation;
                try (ChildJvm.Running child = ChildJvm.of(Child.class, directory)
                        .start(fake.endpoint().toString())) {
                    int flush = 1 + random.nextInt(3);
                    String line = child.awaitLine(text -> text.startsWith("flush " + flush + " "), TIMEOUT);
                    child.kill();
                    child.join(TIMEOUT);
                    generation = Long.parseLong(line.split(" ")[2]);
                    flushed = Long.parseLong(line.split(" ")[3]);
                }
                assertThat(fake.content(KEY.toString()))
                        .hasSizeGreaterThanOrEqualTo((int) flushed)
                        .satisfies(bytes -> assertThat(content).startsWith(bytes));
                try (GcsBlobStore store = Child.open(fake.endpoint());
                        AppendableUpload resumed = store.resumeAppendableUpload(KEY, generation)) {
                    assertThat(resumed.persistedSize()).isGreaterThanOrEqualTo(flushed);
                    resumed.appendRest(BlobSource.of(ByteBuffer.wrap(content)));
                    resumed.finalizeObject();
                }
                assertThat(fake.content(KEY.toString())).isEqualTo(content);
            }
        }
    }

    /** The process that is killed. */
    static final class Child {
        private Child() {}

        static byte[] content() {
            byte[] content = new byte[SIZE];
            new Random(7).nextBytes(content);
            return content;
        }

        static GcsBlobStore open(URI endpoint) throws IOException {
            return GcsBlobStore.builder(FakeGrpcStorage.BUCKET)
                    .endpoint(endpoint)
                    .credentials(NoCredentials.getInstance())
                    .transport(GcsTransport.GRPC)
                    .open();
        }

        public static void main(String[] args) throws Exception {
            byte[] content = content();
            try (GcsBlobStore store = open(URI.create(args[0]));
                    AppendableUpload upload = store.createAppendableUpload(KEY, StoreOptions.DEFAULT)) {
                int step = 1_234_567;
                int flush = 0;
                for (int at = 0; at < content.length; at += step) {
                    upload.append(ByteBuffer.wrap(content, at, Math.min(step, content.length - at)));
                    if (at / step % 2 == 1) {
                        System.out.println("flush " + ++flush + " " + upload.generation() + " " + upload.flush());
                    }
                }
                Thread.sleep(TIMEOUT.toMillis()); // until it is killed
            }
        }
    }
}
