package io.blobstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.blobstore.spi.Deletions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DeleteResultTest {
    private static final BlobKey A = BlobKey.of("a");
    private static final BlobKey B = BlobKey.of("b");
    private static final BlobKey C = BlobKey.of("c");

    private static BlobStoreException failure(String problem) {
        return new BlobStoreException(Operation.DELETE, null, problem, null, true);
    }

    @Test
    void theFirstFailureCarriesTheOthers() {
        BlobStoreException first = failure("first");
        BlobStoreException second = failure("second");
        DeleteResult result = DeleteResult.of(List.of(A), Map.of(B, first, C, second));

        assertThatExceptionOfType(BlobStoreException.class)
                .isThrownBy(result::throwIfFailed)
                .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));
    }

    @Test
    void aFailedRequestFailsEachOfItsKeysAndNoOther() throws IOException {
        List<List<BlobKey>> batches = new ArrayList<>();

        DeleteResult result = Deletions.inBatches(List.of(A, B, A, C), 2, batch -> {
            batches.add(List.copyOf(batch));
            if (batch.contains(B)) {
                throw failure("no");
            }
            return Map.of();
        });

        assertThat(batches).containsExactly(List.of(A, B), List.of(C));
        assertThat(result.deleted()).containsExactly(C);
        assertThat(result.failures()).containsOnlyKeys(A, B);
        assertThatExceptionOfType(BlobStoreException.class)
                .isThrownBy(result::throwIfFailed)
                .satisfies(e -> assertThat(e.getSuppressed()).isEmpty());
    }
}
