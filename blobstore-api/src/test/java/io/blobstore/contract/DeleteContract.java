package io.blobstore.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.blobstore.BlobKey;
import io.blobstore.DeleteResult;
import io.blobstore.InvalidBlobKeyException;
import io.blobstore.ListOptions;
import io.blobstore.Operation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The part of the contract about deleting blobs, by their keys or a prefix. */
abstract class DeleteContract extends CopyContract {
    @Test
    void aDeletedBlobIsGone() throws IOException {
        store.store(KEY, source(HUNDRED));
        store.store(OTHER, source(HUNDRED));

        store.delete(KEY);

        assertMissing(KEY);
        assertHolds(OTHER, HUNDRED);
    }

    @Test
    void deletingAMissingBlobDoesNothing() throws IOException {
        store.store(OTHER, source(HUNDRED));

        store.delete(KEY);
        store.delete(KEY);

        assertHolds(OTHER, HUNDRED);
    }

    @Test
    void allBlobsOfAPrefixAreDeletedAndCounted() throws IOException {
        for (String name : List.of("logs/1", "logs/2", "logs/deep/3", "logs-4", "other")) {
            put(name, HUNDRED);
        }
        assertThat(store.deleteAll("none")).isZero();
        assertThat(store.deleteAll("logs/")).isEqualTo(3);
        assertThat(names(ListOptions.DEFAULT)).containsExactly("logs-4", "other");
        assertThat(store.deleteAll("lo")).isEqualTo(1);
        assertThat(store.deleteAll("other")).isEqualTo(1);
        assertThat(names(ListOptions.DEFAULT)).isEmpty();
    }

    @Test
    void deletingAllBlobsOfAnEmptyPrefixIsRefused() throws IOException {
        store.store(KEY, source(HUNDRED));

        assertThatIllegalArgumentException().isThrownBy(() -> store.deleteAll(""));

        assertHolds(KEY, HUNDRED);
    }

    private static final byte[] CONTENT = bytes(10, 1);

    @Test
    void blobsOfSeveralKeysAreDeleted() throws IOException {
        for (String name : List.of("a", "b/1", "b/2", "kept", "\u00FC & <x>")) {
            put(name, CONTENT);
        }
        List<BlobKey> keys = keys("a", "b/2", "\u00FC & <x>");

        DeleteResult result = store.delete(keys);

        assertThat(result.deleted()).containsExactlyInAnyOrderElementsOf(keys);
        assertThat(result.failures()).isEmpty();
        assertThatCode(result::throwIfFailed).doesNotThrowAnyException();
        assertThat(names(ListOptions.DEFAULT)).containsExactly("b/1", "kept");
    }

    @Test
    void keysWithoutABlobCountAsDeleted() throws IOException {
        put("there", CONTENT);

        DeleteResult result = store.delete(keys("there", "absent", "absent/too"));

        assertThat(result.deleted()).containsExactlyInAnyOrderElementsOf(keys("there", "absent", "absent/too"));
        assertThat(result.failures()).isEmpty();
        assertThat(names(ListOptions.DEFAULT)).isEmpty();
    }

    @Test
    void aKeyGivenTwiceIsDeletedOnce() throws IOException {
        put("twice", CONTENT);

        DeleteResult result = store.delete(keys("twice", "absent", "twice", "absent"));

        assertThat(result.deleted()).containsExactlyInAnyOrderElementsOf(keys("twice", "absent"));
        assertThat(result.failures()).isEmpty();
    }

    @Test
    void deletingNoKeysDoesNothing() throws IOException {
        put("kept", CONTENT);

        DeleteResult result = store.delete(List.of());

        assertThat(result.deleted()).isEmpty();
        assertThat(result.failures()).isEmpty();
        assertThat(names(ListOptions.DEFAULT)).containsExactly("kept");
    }

    @Test
    void moreKeysThanOneRequestTakesAreDeleted() throws IOException {
        List<BlobKey> keys = IntStream.rangeClosed(0, 1000)
                .mapToObj(number -> BlobKey.of("key-" + number))
                .toList();
        for (int number : List.of(0, 99, 100, 999, 1000)) {
            put("key-" + number, CONTENT);
        }

        DeleteResult result = store.delete(keys);

        assertThat(result.failures()).isEmpty();
        assertThat(result.deleted()).hasSize(keys.size()).containsAll(keys);
        assertThat(names(ListOptions.DEFAULT)).isEmpty();
    }

    @Test
    void aKeyThatTheStoreCannotHoldFailsAloneInADeletion() throws IOException {
        Optional<String> invalid = Stream.of("/a", "../a", "a//b", "a\nb", "k".repeat(BlobKey.MAX_BYTES))
                .filter(this::isRefused)
                .findFirst();
        assumeTrue(invalid.isPresent(), "the store can hold every key");
        BlobKey refused = BlobKey.of(invalid.get());
        put("a", CONTENT);
        put("b", CONTENT);

        DeleteResult result = store.delete(List.of(BlobKey.of("a"), refused, BlobKey.of("b")));

        assertThat(result.deleted()).containsExactlyInAnyOrderElementsOf(keys("a", "b"));
        assertThat(result.failures()).containsOnlyKeys(refused);
        assertThatExceptionOfType(InvalidBlobKeyException.class)
                .isThrownBy(result::throwIfFailed)
                .satisfies(e -> {
                    assertThat(e.key()).contains(refused);
                    assertThat(e.operation()).isEqualTo(Operation.DELETE);
                });
        assertThat(names(ListOptions.DEFAULT)).isEmpty();
    }

    @Test
    void aClosedStoreDeletesNothing() throws IOException {
        put("kept", CONTENT);
        closeStore();

        assertThatIllegalStateException().isThrownBy(() -> store.delete(keys("kept")));
        assertThatIllegalStateException().isThrownBy(() -> store.delete(new ArrayList<>()));
    }

    /** Returns whether the store itself refuses a key; a server behind it may refuse others, in its own way. */
    private boolean isRefused(String name) {
        try {
            store.delete(BlobKey.of(name));
            return false;
        } catch (IOException e) {
            return e instanceof InvalidBlobKeyException;
        }
    }

    private static List<BlobKey> keys(String... names) {
        return Stream.of(names).map(BlobKey::of).toList();
    }
}
