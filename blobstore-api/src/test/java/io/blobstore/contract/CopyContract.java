package io.blobstore.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.blobstore.BlobAlreadyExistsException;
import io.blobstore.BlobVersion;
import io.blobstore.CopyOptions;
import io.blobstore.Precondition;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The part of the contract about copying one blob. */
abstract class CopyContract extends ConditionContract {
    @Test
    void aCopyHasContentAndMetadata() throws IOException {
        byte[] content = bytes(largeSize(), 17);
        store.store(
                KEY,
                source(content),
                StoreOptions.builder()
                        .contentType("image/png")
                        .userMetadata("a", "1")
                        .build());

        StoredBlob copied = store.copy(KEY, OTHER);

        assertHolds(KEY, content);
        assertHoldsCopy(OTHER, content);
        assertThat(store.head(OTHER).contentType()).contains("image/png");
        assertThat(store.head(OTHER).userMetadata()).isEqualTo(Map.of("a", "1"));
        assertThat(copied.key()).isEqualTo(OTHER);
        assertThat(copied.size()).isEqualTo(content.length);
        assertThat(copied.version()).isEqualTo(store.head(OTHER).version());
        assertChecksumOfCopy(copied.checksum(), content);
    }

    @Test
    void aCopyReplacesItsTarget() throws IOException {
        store.store(KEY, source(HUNDRED));
        store.store(
                OTHER,
                source(bytes(500, 18)),
                StoreOptions.builder().userMetadata("old", "1").build());

        store.copy(KEY, OTHER);

        assertHoldsCopy(OTHER, HUNDRED);
        assertThat(store.head(OTHER).userMetadata()).isEmpty();
    }

    @Test
    void aCopyOntoItselfKeepsContentAndMetadata() throws IOException {
        store.store(
                KEY,
                source(HUNDRED),
                StoreOptions.builder().contentType("image/png").build());

        StoredBlob copied = store.copy(KEY, KEY);

        assertHoldsCopy(KEY, HUNDRED);
        assertThat(store.head(KEY).contentType()).contains("image/png");
        assertThat(copied.version()).isEqualTo(store.head(KEY).version());
    }

    @Test
    void aCopyOfAnEmptyBlobIsEmpty() throws IOException {
        store.store(KEY, source(new byte[0]));

        store.copy(KEY, OTHER);

        assertHoldsCopy(OTHER, new byte[0]);
    }

    @Test
    void aCopyOfAVersionThatIsGoneIsRefused() throws IOException {
        BlobVersion first = store.store(KEY, source(HUNDRED)).version();
        store.copy(KEY, OTHER, CopyOptions.builder().sourceVersion(first).build());
        store.store(KEY, source(bytes(50, 19)));

        assertThatExceptionOfType(PreconditionFailedException.class)
                .isThrownBy(() -> store.copy(
                        KEY, OTHER, CopyOptions.builder().sourceVersion(first).build()));

        assertHoldsCopy(OTHER, HUNDRED);
    }

    @Test
    void aCopyKeepsToTheConditionOnItsTarget() throws IOException {
        assumeConditions();
        store.store(KEY, source(HUNDRED));
        CopyOptions ifAbsent =
                CopyOptions.builder().precondition(Precondition.ifAbsent()).build();

        BlobVersion first = store.copy(KEY, OTHER, ifAbsent).version();
        store.store(KEY, source(bytes(50, 20)));
        assertThatExceptionOfType(BlobAlreadyExistsException.class).isThrownBy(() -> store.copy(KEY, OTHER, ifAbsent));
        assertHoldsCopy(OTHER, HUNDRED);

        CopyOptions ifFirst =
                CopyOptions.builder().precondition(Precondition.ifMatch(first)).build();
        store.copy(KEY, OTHER, ifFirst);
        assertHoldsCopy(OTHER, bytes(50, 20));
        store.store(KEY, source(HUNDRED));
        assertThatExceptionOfType(PreconditionFailedException.class).isThrownBy(() -> store.copy(KEY, OTHER, ifFirst));
        assertHoldsCopy(OTHER, bytes(50, 20));
    }
}
