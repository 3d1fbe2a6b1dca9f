package io.blobstore.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.ListOptions;
import io.blobstore.SourceChangedException;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.memory.MappedFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The part of the contract about storing one blob, from every kind of source. */
abstract class StoreContract extends MetadataContract {
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 4095, 65_537, 1_000_003})
    void whatWasStoredIsRead(int size) throws IOException {
        byte[] content = bytes(size, size);

        StoredBlob stored = store.store(KEY, source(content));

        assertHolds(KEY, content);
        assertThat(stored.key()).isEqualTo(KEY);
        assertThat(stored.size()).isEqualTo(size);
        assertThat(stored.version()).isEqualTo(store.head(KEY).version());
        assertChecksum(stored.checksum(), content);
    }

    @Test
    void aLargeBlobIsStoredInOneRequest() throws IOException {
        byte[] content = bytes(largeSize(), 2);

        store.store(KEY, source(content));

        assertHolds(KEY, content);
    }

    @Test
    void allKindsOfBuffersAreStored() throws IOException {
        byte[] content = bytes(10_001, 3);
        byte[] part = Arrays.copyOfRange(content, 17, 9_000);
        List<ByteBuffer> buffers = List.of(
                ByteBuffer.wrap(content),
                direct(content),
                ByteBuffer.wrap(content).asReadOnlyBuffer(),
                ByteBuffer.wrap(content).position(17).limit(9_000),
                direct(content).position(17).limit(9_000),
                direct(content).slice(17, 9_000 - 17).asReadOnlyBuffer());
        for (ByteBuffer buffer : buffers) {
            byte[] expected = buffer.remaining() == content.length ? content : part;
            int position = buffer.position();
            int limit = buffer.limit();

            store.store(KEY, buffer);

            assertHolds(KEY, expected);
            assertThat(buffer.position()).as("position of %s", buffer).isEqualTo(position);
            assertThat(buffer.limit()).as("limit of %s", buffer).isEqualTo(limit);
        }
    }

    @Test
    void aMappedRegionIsStored() throws IOException {
        byte[] content = bytes(largeSize(), 4);
        try (MappedFile file = MappedFile.open(file(content))) {
            store.store(KEY, file.region());
            store.store(OTHER, file.region(4095, 70_000));

            assertThat(file.leases()).isZero();
        }
        assertHolds(KEY, content);
        assertHolds(OTHER, Arrays.copyOfRange(content, 4095, 74_095));
    }

    @Test
    void aPathIsStored() throws IOException {
        byte[] content = bytes(largeSize(), 5);
        BlobSource file = BlobSource.ofPath(file(content));

        store.store(KEY, file);
        store.store(OTHER, file.slice(1, 999_999));

        assertHolds(KEY, content);
        assertHolds(OTHER, Arrays.copyOfRange(content, 1, 1_000_000));
    }

    @Test
    void aConcatenationIsStored() throws IOException {
        byte[] content = bytes(600_000, 6);
        Path path = file(Arrays.copyOfRange(content, 100_000, 500_000));
        try (MappedFile tail = MappedFile.open(file(Arrays.copyOfRange(content, 500_000, 600_000)))) {
            store.store(
                    KEY,
                    BlobSource.concat(List.of(
                            source(Arrays.copyOf(content, 100_000)),
                            BlobSource.of(),
                            BlobSource.ofPath(path),
                            tail.region())));
        }
        assertHolds(KEY, content);
    }

    @Test
    void storingAgainReplacesTheWholeBlob() throws IOException {
        store.store(
                KEY,
                source(HUNDRED),
                StoreOptions.builder()
                        .contentType("text/plain")
                        .userMetadata("a", "1")
                        .build());
        store.store(KEY, source(new byte[] {7}));

        assertHolds(KEY, new byte[] {7});
        assertThat(store.head(KEY).contentType()).isNotEqualTo(Optional.of("text/plain"));
        assertThat(store.head(KEY).userMetadata()).isEmpty();
    }

    @Test
    void contentTypeAndUserMetadataAreKept() throws IOException {
        Map<String, String> user =
                Map.of("name", "a value; with = signs", "other-name_2.x", "~!@#$%^&*()", "empty", "");
        store.store(
                KEY,
                source(HUNDRED),
                StoreOptions.builder()
                        .contentType("text/plain; format=flowed")
                        .userMetadata(user)
                        .build());

        BlobMetadata head = store.head(KEY);
        assertThat(head.contentType()).contains("text/plain; format=flowed");
        assertThat(head.userMetadata()).isEqualTo(user);
        assertOfPart(store.read(KEY, ByteRange.of(0, 1), ByteBuffer.allocate(1)).blob(), head);
    }

    @Test
    void asMuchUserMetadataAsIsAllowedIsKept() throws IOException {
        String value = "x".repeat(StoreOptions.MAX_USER_METADATA_BYTES - 1);
        store.store(
                KEY,
                source(HUNDRED),
                StoreOptions.builder().userMetadata("n", value).build());

        assertThat(store.head(KEY).userMetadata()).isEqualTo(Map.of("n", value));
    }

    @Test
    void eachStoreGivesAnotherVersion() throws IOException {
        BlobVersion first = store.store(KEY, source(HUNDRED)).version();
        BlobVersion second = store.store(KEY, source(bytes(100, 7))).version();

        assertThat(second).isNotEqualTo(first);
        assertThat(store.head(KEY).version()).isEqualTo(second);
    }

    @Test
    void eachStoreOfEqualContentGivesAnotherVersion() throws IOException {
        assumeTrue(distinguishesEqualContent(), "the store's versions distinguish different contents only");
        BlobVersion first = store.store(KEY, source(HUNDRED)).version();

        assertThat(store.store(KEY, source(HUNDRED)).version()).isNotEqualTo(first);
    }

    @Test
    void keysAreKeptAsTheyAre() throws IOException {
        // Composed and decomposed é, a letter in both cases, characters that URLs and file systems treat apart.
        List<String> names = List.of(
                        "\u00E9",
                        "e\u0301",
                        "Case",
                        "case",
                        "a b",
                        "a+b",
                        "a%20b",
                        "a?b",
                        "a#b",
                        "a&b=c",
                        "a\\b",
                        "a:b",
                        "a*b",
                        "~a",
                        ".a",
                        "a.",
                        "\u65E5\u672C",
                        "\uD83D\uDE00",
                        "\uFFFD",
                        "a//b",
                        "/a",
                        "a/",
                        "a/./b",
                        "a/../b",
                        "x".repeat(BlobKey.MAX_BYTES))
                .stream()
                .filter(this::supportsKey)
                .toList();
        assertThat(names).isNotEmpty();
        for (String name : names) {
            put(name, name.getBytes(StandardCharsets.UTF_8));
        }
        for (String name : names) {
            assertHolds(BlobKey.of(name), name.getBytes(StandardCharsets.UTF_8));
        }
        assertThat(names(ListOptions.DEFAULT))
                .isEqualTo(names.stream().sorted(UTF_8_ORDER).toList());
    }

    // ---- changes of sources

    enum Change {
        TRUNCATED {
            @Override
            void apply(Path file) throws IOException {
                try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                    channel.truncate(10);
                }
            }
        },
        REPLACED {
            @Override
            void apply(Path file) throws IOException {
                Path other = Files.write(file.resolveSibling("other"), bytes(300_000, 9));
                Files.setLastModifiedTime(other, Files.getLastModifiedTime(file));
                Files.move(other, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            }
        },
        DELETED {
            @Override
            void apply(Path file) throws IOException {
                Files.delete(file);
            }
        };

        abstract void apply(Path file) throws IOException;
    }

    @ParameterizedTest
    @EnumSource
    void aMappedFileThatChangedIsNotStored(Change change) throws IOException {
        store.store(KEY, source(HUNDRED));
        Path path = file(bytes(300_000, 8));
        try (MappedFile file = MappedFile.open(path)) {
            change.apply(path);

            assertThatExceptionOfType(SourceChangedException.class)
                    .isThrownBy(() -> store.store(KEY, file.region()))
                    .withMessageContaining(path.toString());
            assertThat(file.leases()).isZero();
        }
        assertHolds(KEY, HUNDRED);
    }

    @ParameterizedTest
    @EnumSource
    void aPathThatChangedIsNotStored(Change change) throws IOException {
        store.store(KEY, source(HUNDRED));
        Path path = file(bytes(300_000, 8));
        BlobSource source = BlobSource.ofPath(path);
        change.apply(path);

        assertThatExceptionOfType(SourceChangedException.class)
                .isThrownBy(() -> store.store(KEY, source))
                .withMessageContaining(path.toString());
        assertHolds(KEY, HUNDRED);
    }

    @Test
    void anEmptySourceThatChangedIsNotStored() throws IOException {
        Path path = file(new byte[0]);
        BlobSource source = BlobSource.ofPath(path);
        Files.write(path, HUNDRED);

        assertThatExceptionOfType(SourceChangedException.class).isThrownBy(() -> store.store(KEY, source));
        assertMissing(KEY);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 9})
    void aSourceThatFailsHalfWayLeavesTheKeyAsItWas(int leasesBefore) throws IOException {
        store.store(KEY, source(HUNDRED));
        BlobSource content = new ScriptedSource(bytes(640_000, 10), 64_000, lease -> {
            if (lease == leasesBefore) {
                throw new IOException("the disk is gone");
            }
        });

        assertThatIOException()
                .isThrownBy(() -> store.store(KEY, content))
                .withStackTraceContaining("the disk is gone");

        assertHolds(KEY, HUNDRED);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5, 9})
    void anInterruptedStoreStoresAllOrNothing(int leasesBefore) throws IOException {
        store.store(KEY, source(HUNDRED));
        byte[] content = bytes(640_000, 11);
        BlobSource interrupting = new ScriptedSource(content, 64_000, lease -> {
            if (lease == leasesBefore) {
                Thread.currentThread().interrupt();
            }
        });

        Throwable problem = catchThrowable(() -> store.store(KEY, interrupting));
        Thread.interrupted(); // the contract does not say whether the store keeps or clears it

        if (problem == null) {
            assertHolds(KEY, content);
        } else {
            assertThat(problem).isInstanceOf(IOException.class);
            assertHolds(KEY, HUNDRED);
        }
    }

    /** Asserts the metadata of a response with a part of a blob, which may lack the checksum of the whole. */
    static void assertOfPart(BlobMetadata read, BlobMetadata head) {
        assertThat(read).usingRecursiveComparison().ignoringFields("checksum").isEqualTo(head);
        assertThat(read.checksum().or(head::checksum)).isEqualTo(head.checksum());
    }
}
