package io.blobstore.gcs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.Crc32c;
import io.blobstore.StoreNotFoundException;
import io.blobstore.StoreOptions;
import io.blobstore.contract.LeakCheck;
import io.blobstore.gcs.MultipartRequests.Part;
import io.blobstore.gcs.MultipartRequests.Upload;
import io.blobstore.http.HttpClient;
import io.blobstore.http.objects.BucketContext;
import io.blobstore.http.objects.Retries;
import io.blobstore.http.objects.RetryClock;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * The requests of multipart uploads, against an independent server: S3Proxy. They are those of S3, except for header
 * fields that the server ignores. The fake that the store's other tests use could share mistakes with the store.
 */
@ExtendWith(LeakCheck.class)
class MultipartRequestsTest {
    private static final int PART = 5 << 20;
    private static final PartLayout LAYOUT = new PartLayout(2L * PART + 1234, PART);
    private static final ByteBuffer CONTENT = content(1);
    private static final StoreOptions OPTIONS =
            StoreOptions.builder().contentType("text/plain").build();

    @TempDir
    private static Path directory;

    private static S3ProxyServer server;

    private Opened opened;
    /** The bucket of one test. */
    private final String bucket = "bucket-" + UUID.randomUUID();

    /** A name with characters that must be encoded. */
    private final String name = "a folder/ü+&=?#%";

    private final BlobKey key = BlobKey.of(name);

    private static ByteBuffer content(long seed) {
        byte[] bytes = new byte[Math.toIntExact(LAYOUT.size())];
        new SplittableRandom(seed).nextBytes(bytes);
        return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    }

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        server = S3ProxyServer.start(directory);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @BeforeEach
    void open() throws IOException {
        server.createBucket(bucket);
        opened = open(bucket);
    }

    @AfterEach
    void close() throws IOException {
        close(opened);
        assertThat(server.uploads(bucket)).as("unfinished uploads").isZero();
    }

    /** The parts of a store that these requests need. */
    private record Opened(
            HttpClient http, GcsClientFactory.Client client, GcsErrors errors, MultipartRequests requests) {}

    private static Opened open(String bucket) throws IOException {
        GcsClientFactory factory = new GcsClientFactory();
        factory.environment = Map.of();
        GcsSettings settings = new GcsSettings(bucket, "", Optional.empty(), Optional.empty());
        HttpClient http = HttpClient.builder().build();
        GcsClientFactory.Client client = factory.open(settings, Optional.of(server.endpoint()), http);
        GcsUrls urls = GcsUrls.of(client.client(), bucket);
        GcsErrors errors = new GcsErrors(settings, urls.root());
        BucketContext context =
                new BucketContext("gs", bucket, "", Optional.empty(), http, errors, new Retries(1, RetryClock.SYSTEM));
        DataRequests data = new DataRequests(http, client.client());
        return new Opened(http, client, errors, new MultipartRequests(context, data, urls, errors, settings));
    }

    private static void close(Opened opened) throws IOException {
        opened.http().close();
        opened.client().close();
    }

    private Upload create() throws IOException {
        return opened.requests().create(key, name, OPTIONS);
    }

    private static Part put(Upload upload, int number, ByteBuffer of) throws IOException {
        BlobSource part = BlobSource.of(of).slice(LAYOUT.offset(number), LAYOUT.length(number));
        return upload.put(number, part, Crc32c.of(part));
    }

    private static List<Part> putAll(Upload upload) throws IOException {
        List<Part> parts = new ArrayList<>();
        for (int number = 1; number <= LAYOUT.partCount(); number++) {
            parts.add(put(upload, number, CONTENT));
        }
        return parts;
    }

    private Optional<Crc32c> stored() throws IOException {
        return server.content(bucket, encoded());
    }

    /** Encodes the name without the code that is tested. */
    private String encoded() {
        return name.replace("%", "%25")
                .replace(" ", "%20")
                .replace("ü", "%C3%BC")
                .replace("+", "%2B")
                .replace("&", "%26")
                .replace("=", "%3D")
                .replace("?", "%3F")
                .replace("#", "%23");
    }

    @Test
    void partsBecomeAnObjectThatIsIdenticalByteForByte() throws IOException {
        Upload upload = create();
        List<Part> parts = putAll(upload);
        assertThat(stored()).as("before it is complete").isEmpty();

        upload.complete(parts);

        assertThat(stored()).contains(Crc32c.of(CONTENT.duplicate()));
    }

    @Test
    void partsMayBeSentInAnyOrder() throws IOException {
        Upload upload = create();
        List<Part> parts = new ArrayList<>();
        for (int number = LAYOUT.partCount(); number >= 1; number--) {
            parts.add(put(upload, number, CONTENT));
        }
        Collections.reverse(parts);

        upload.complete(parts);

        assertThat(stored()).contains(Crc32c.of(CONTENT.duplicate()));
    }

    @Test
    void aPartThatIsSentAgainReplacesTheEarlierOne() throws IOException {
        Upload upload = create();
        Part before = put(upload, 2, content(2));
        List<Part> parts = putAll(upload);
        assertThat(before.etag()).isNotEqualTo(parts.get(1).etag());

        upload.complete(parts);

        assertThat(stored()).contains(Crc32c.of(CONTENT.duplicate()));
    }

    @Test
    void aReplacedPartCannotBeCompletedWith() throws IOException {
        Upload upload = create();
        Part before = put(upload, 2, content(2));
        List<Part> parts = putAll(upload);
        parts.set(1, before);

        assertFails(() -> upload.complete(parts), "InvalidPart");

        upload.abort();
        assertThat(stored()).isEmpty();
    }

    @Test
    void anAbortLeavesNeitherUploadNorObject() throws IOException {
        Upload upload = create();
        putAll(upload);
        assertThat(server.uploads(bucket)).isEqualTo(1);

        upload.abort();

        assertThat(server.uploads(bucket)).isZero();
        assertThat(stored()).isEmpty();
    }

    @Test
    void anAbortedUploadIsGone() throws IOException {
        Upload upload = create();
        List<Part> parts = putAll(upload);
        upload.abort();

        BlobStoreException completed = assertFails(() -> upload.complete(parts), "NoSuchUpload");
        assertThat(opened.errors().isUploadGone(completed)).isTrue();
        assertThat(completed).hasMessageContaining("the upload is gone");
        assertThat(stored()).isEmpty();
    }

    @Test
    void anAbortMayBeRepeated() throws IOException {
        Upload upload = create();
        put(upload, 1, CONTENT);
        upload.abort();

        upload.abort();

        assertThat(server.uploads(bucket)).isZero();
    }

    @Test
    void anAbortDoesNotAffectAnotherUploadOfTheSameName() throws IOException {
        Upload lost = create(); // as if its response had been lost, and the request repeated
        Upload upload = create();
        List<Part> parts = putAll(upload);
        lost.abort();

        upload.complete(parts);

        assertThat(stored()).contains(Crc32c.of(CONTENT.duplicate()));
    }

    @Test
    void aCompletionThatIsRepeatedChangesNothing() throws IOException {
        Upload upload = create();
        List<Part> parts = putAll(upload);
        upload.complete(parts);

        upload.complete(parts); // Cloud Storage may report that the upload is gone, but S3 accepts this

        assertThat(stored()).contains(Crc32c.of(CONTENT.duplicate()));
    }

    @Test
    void anAbortAfterTheCompletionLeavesTheObject() throws IOException {
        Upload upload = create();
        upload.complete(putAll(upload));

        upload.abort();

        assertThat(stored()).contains(Crc32c.of(CONTENT.duplicate()));
    }

    @Test
    void aPartThatWasNeverSentCannotBeCompletedWith() throws IOException {
        Upload upload = create();
        Part first = put(upload, 1, CONTENT);
        Part last = put(upload, 3, CONTENT);
        List<Part> parts = List.of(first, new Part(2, first.etag()), last);

        assertFails(() -> upload.complete(parts), "InvalidPart");

        upload.abort();
        assertThat(stored()).isEmpty();
    }

    @Test
    void aMissingBucketIsReported() throws IOException {
        Opened elsewhere = open("no-such-bucket");
        try {
            StoreNotFoundException problem = catchThrowableOfType(
                    StoreNotFoundException.class, () -> elsewhere.requests().create(key, name, OPTIONS));

            assertThat(problem).hasMessageContaining("no-such-bucket");
            assertThat(problem.isRetryable()).isFalse();
        } finally {
            close(elsewhere);
        }
    }

    private interface Call {
        void run() throws IOException;
    }

    private BlobStoreException assertFails(Call call, String code) {
        BlobStoreException problem = catchThrowableOfType(BlobStoreException.class, call::run);
        assertThat(problem).isNotNull().hasMessageContaining(code);
        assertThat(problem.key()).contains(key);
        assertThat(problem.isRetryable()).isFalse();
        return problem;
    }
}
