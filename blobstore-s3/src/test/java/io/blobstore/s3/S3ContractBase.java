package io.blobstore.s3;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.CopyOptions;
import io.blobstore.Precondition;
import io.blobstore.contract.BlobStoreContract;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.model.Tag;
import software.amazon.awssdk.services.s3.model.Tagging;

/**
 * The base of the contract's tests for all servers. Each test uses its own prefix in one bucket, whose blobs are
 * deleted afterwards.
 */
abstract class S3ContractBase extends BlobStoreContract {
    private final String prefix = "contract-" + UUID.randomUUID() + "/";

    /** Returns a builder of stores in the bucket. */
    abstract S3BlobStore.Builder builder();

    /** Returns the bucket, to inspect it without the store. */
    abstract TestBucket bucket();

    @Override
    protected BlobStore openStore(Path directory) throws IOException {
        return builder().prefix(prefix).open();
    }

    @AfterEach
    void deleteBlobs() throws IOException {
        try (BlobStore direct = builder().open()) {
            direct.deleteAll(prefix);
        }
    }

    /** Returns whether the server keeps tags. Default: true. */
    protected boolean supportsTags() {
        return true;
    }

    /** Returns whether the server computes signatures of header fields in UTF-8, as S3 does. Default: true. */
    protected boolean signsHeadersBeyondAscii() {
        return true;
    }

    /** A copy of the server, one with a condition, and one onto itself. */
    @ParameterizedTest
    @CsvSource({"copy, false", "copy, true", "source, false"})
    void aCopyKeepsTagsAndMetadataOfOtherPrograms(String copy, boolean ifAbsent) throws IOException {
        String owner = signsHeadersBeyondAscii() ? "Zo\u00eb \u20ac" : "Zoe";
        Map<String, String> metadata = Map.of("owner", owner, "long", "x".repeat(1500));
        List<Tag> tags = List.of(Tag.builder().key("team").value("a b+c=d").build());
        bucket().with(client -> client.putObject(
                request -> {
                    request.bucket(bucket().name()).key(prefix + "source").metadata(metadata);
                    if (supportsTags()) {
                        request.tagging(Tagging.builder().tagSet(tags).build());
                    }
                },
                RequestBody.fromString("content")));
        Precondition condition = ifAbsent ? Precondition.ifAbsent() : Precondition.none();
        try (BlobStore store = openStore(Path.of(""))) {
            assertThat(store.head(BlobKey.of("source")).userMetadata()).isEqualTo(metadata);

            store.copy(
                    BlobKey.of("source"),
                    BlobKey.of(copy),
                    CopyOptions.builder().precondition(condition).build());

            assertThat(store.head(BlobKey.of(copy)).userMetadata()).isEqualTo(metadata);
        }
        if (supportsTags()) {
            List<Tag> copied = bucket().with(client -> client.getObjectTagging(
                            request -> request.bucket(bucket().name()).key(prefix + copy))
                    .tagSet());
            assertThat(copied).isEqualTo(tags);
        }
    }

    @Override
    protected boolean supportsKey(String name) {
        return (prefix + name).getBytes(StandardCharsets.UTF_8).length <= BlobKey.MAX_BYTES;
    }

    /** Returns whether a server that stores blobs as files can have a file for this key. */
    static boolean isPlainPath(String name) {
        return List.of(name.split("/", -1)).stream()
                .allMatch(segment -> !segment.isEmpty()
                        && !segment.equals(".")
                        && !segment.equals("..")
                        && segment.getBytes(StandardCharsets.UTF_8).length <= 255);
    }

    /** Returns false, as equal content has equal ETags. */
    @Override
    protected boolean distinguishesEqualContent() {
        return false;
    }

    /** Returns more than 1000, the blobs in one page of S3. */
    @Override
    protected int moreThanOnePage() {
        return 1050;
    }

    @Override
    protected List<String> leftovers() {
        return bucket().uploads(prefix);
    }
}
