package io.blobstore.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.CopyOptions;
import io.blobstore.MultipartUpload;
import io.blobstore.Precondition;
import io.blobstore.StoreOptions;
import io.blobstore.spi.PartLayout;
import io.blobstore.transfer.TransferManager;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests of content headers and user metadata: stored, uploaded in parts, and copied. */
abstract class MetadataContract extends ContractFixture {
    private static final byte[] CONTENT = bytes(100, 31);

    private static final Map<String, String> USER = Map.of("name", "a value; with = signs", "other-name_2.x", "1");

    /** Returns options with user metadata and the content headers that the store keeps. */
    private StoreOptions.Builder everything() {
        StoreOptions.Builder options = StoreOptions.builder().contentType("text/csv; charset=utf-8");
        if (keepsContentHeader("Content-Encoding")) {
            options.contentEncoding("zstd"); // not gzip, which some servers decode
        }
        if (keepsContentHeader("Content-Language")) {
            options.contentLanguage("de, en");
        }
        if (keepsContentHeader("Content-Disposition")) {
            options.contentDisposition("attachment; filename=\"a b.csv\"; filename*=UTF-8''%e2%82%ac.csv");
        }
        if (keepsContentHeader("Cache-Control")) {
            options.cacheControl("private, max-age=3600");
        }
        return options.userMetadata(USER);
    }

    private void assertDescribed(BlobKey key) throws IOException {
        StoreOptions expected = everything().build();
        BlobMetadata head = store.head(key);
        assertThat(head.contentHeaders()).isEqualTo(expected.contentHeaders());
        assertThat(head.userMetadata()).isEqualTo(expected.userMetadata());
        BlobMetadata read = store.read(key, ByteRange.all(), ByteBuffer.allocate((int) head.size()))
                .blob();
        assertThat(read.contentHeaders()).isEqualTo(expected.contentHeaders());
        assertThat(read.userMetadata()).isEqualTo(expected.userMetadata());
    }

    @Test
    void contentHeadersAndUserMetadataAreKept() throws IOException {
        store.store(KEY, source(CONTENT), everything().build());

        assertDescribed(KEY);
        store.store(KEY, source(CONTENT));
        assertThat(new TreeMap<>(store.head(KEY).contentHeaders()).headMap("Content-Type"))
                .isEmpty(); // a server may have a default type
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void contentHeadersAndUserMetadataOfAnUploadInPartsAreKept(boolean ifAbsent) throws IOException {
        assumeMultipart();
        Precondition condition = ifAbsent ? Precondition.ifAbsent() : Precondition.none();
        if (ifAbsent) {
            assumeConditions();
        }
        PartLayout layout = new PartLayout(
                CONTENT.length, Math.max(CONTENT.length, store.capabilities().minPartSize()));
        StoreOptions options = everything().precondition(condition).build();
        try (MultipartUpload upload = store.createMultipartUpload(KEY, layout, options)) {
            upload.uploadPart(1, source(CONTENT));
            upload.complete(crc(CONTENT));
        }
        assertDescribed(KEY);
    }

    @Test
    void contentThatIsStoredEncodedIsReadAsItIsStored() throws Exception {
        assumeThat(keepsContentHeader("Content-Encoding")).isTrue();
        ByteArrayOutputStream encoded = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(encoded) {
            {
                def.setLevel(Deflater.NO_COMPRESSION); // whose result is as long, and encoded as well
            }
        }) {
            gzip.write(bytes(largeSize(), 32));
        }
        byte[] content = encoded.toByteArray();
        store.store(
                KEY,
                source(content),
                StoreOptions.builder().contentEncoding("gzip").build());

        assertHolds(KEY, content);
        assertThat(store.head(KEY).contentEncoding()).contains("gzip");
        ByteBuffer middle = ByteBuffer.allocate(1000);
        store.read(KEY, ByteRange.of(500, 1000), middle);
        assertThat(middle.array()).isEqualTo(Arrays.copyOfRange(content, 500, 1500));
        Path target = temporary.resolve("downloaded.gz");
        try (TransferManager transfers = TransferManager.create()) {
            transfers
                    .download(store, KEY, ByteRange.all(), BlobTarget.ofPath(target))
                    .join();
        }
        assertThat(Arrays.mismatch(Files.readAllBytes(target), content)).isEqualTo(-1);
    }

    @Test
    void aCopyKeepsContentHeadersAndUserMetadata() throws IOException {
        store.store(KEY, source(CONTENT), everything().build());

        store.copy(KEY, OTHER);
        assertDescribed(OTHER);

        store.copy(KEY, KEY);
        assertDescribed(KEY);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 100})
    void aCopyWithAConditionKeepsContentHeadersAndUserMetadata(int size) throws IOException {
        assumeConditions();
        store.store(KEY, source(bytes(size, 33)), everything().build());

        store.copy(
                KEY,
                OTHER,
                CopyOptions.builder().precondition(Precondition.ifAbsent()).build());

        assertDescribed(OTHER);
        assertHoldsCopy(OTHER, bytes(size, 33));
    }
}
