package io.blobstore.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.blobstore.BlobAlreadyExistsException;
import io.blobstore.BlobKey;
import io.blobstore.BlobVersion;
import io.blobstore.Precondition;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StoreCapabilities.Support;
import io.blobstore.StoredBlob;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The part of the contract about the preconditions of storing a blob. */
abstract class ConditionContract extends ReadContract {
    @Test
    void aStoreWithoutConditionsThrows() throws IOException {
        assumeTrue(store.capabilities().conditionalStore() == Support.NONE, "the store has preconditions");

        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> store.store(KEY, source(HUNDRED), onlyIf(Precondition.ifAbsent())));
        assertMissing(KEY);
    }

    @Test
    void ifAbsentStoresOnce() throws IOException {
        assumeConditions();
        StoredBlob first = store.store(KEY, source(HUNDRED), onlyIf(Precondition.ifAbsent()));

        assertThatExceptionOfType(BlobAlreadyExistsException.class)
                .isThrownBy(() -> store.store(KEY, source(bytes(50, 14)), onlyIf(Precondition.ifAbsent())))
                .satisfies(e -> {
                    assertThat(e.key()).contains(KEY);
                    assertThat(e.isRetryable()).isFalse();
                });

        assertHolds(KEY, HUNDRED);
        assertThat(store.head(KEY).version()).isEqualTo(first.version());
    }

    @Test
    void ifAbsentStoresAgainAfterADeletion() throws IOException {
        assumeConditions();
        store.store(KEY, source(bytes(50, 14)));
        store.delete(KEY);

        store.store(KEY, source(HUNDRED), onlyIf(Precondition.ifAbsent()));

        assertHolds(KEY, HUNDRED);
    }

    @Test
    void ofThreadsRacingWithIfAbsentOneWins() throws Exception {
        assumeConditionsInRaces(Precondition.ifAbsent());
        for (int round = 0; round < 10; round++) {
            BlobKey key = BlobKey.of("race-" + round);

            List<Finish<StoredBlob>> finishes = race(
                    8,
                    racer -> () ->
                            store.store(key, source(bytes(10_000 + racer, racer)), onlyIf(Precondition.ifAbsent())));

            assertOneWinner(finishes, key, BlobAlreadyExistsException.class);
        }
    }

    @Test
    void ifMatchStoresOverItsVersionOnly() throws IOException {
        assumeConditions();
        BlobVersion first = store.store(KEY, source(bytes(50, 15))).version();
        BlobVersion second = store.store(KEY, source(HUNDRED), onlyIf(Precondition.ifMatch(first)))
                .version();

        assertThatExceptionOfType(PreconditionFailedException.class)
                .isThrownBy(() -> store.store(KEY, source(bytes(60, 16)), onlyIf(Precondition.ifMatch(first))))
                .satisfies(e -> assertThat(e.key()).contains(KEY));

        assertHolds(KEY, HUNDRED);
        assertThat(store.head(KEY).version()).isEqualTo(second);
    }

    @Test
    void ifMatchFailsWhereThereIsNoBlob() throws IOException {
        assumeConditions();
        BlobVersion deleted = store.store(KEY, source(HUNDRED)).version();
        store.delete(KEY);

        assertThatExceptionOfType(PreconditionFailedException.class)
                .isThrownBy(() -> store.store(KEY, source(HUNDRED), onlyIf(Precondition.ifMatch(deleted))));
        assertMissing(KEY);
    }

    @Test
    void ofThreadsRacingToReplaceAVersionOneWins() throws Exception {
        assumeConditionsInRaces(Precondition.ifMatch(new BlobVersion("any")));
        for (int round = 0; round < 10; round++) {
            BlobKey key = BlobKey.of("race-" + round);
            BlobVersion version = store.store(key, source(HUNDRED)).version();

            List<Finish<StoredBlob>> finishes = race(
                    8,
                    racer -> () -> store.store(
                            key, source(bytes(10_000 + racer, racer)), onlyIf(Precondition.ifMatch(version))));

            assertOneWinner(finishes, key, PreconditionFailedException.class);
        }
    }

    @Test
    void ofThreadsRacingWithoutConditionsOneLeavesItsWholeBlob() throws Exception {
        List<Finish<StoredBlob>> finishes =
                race(8, racer -> () -> store.store(KEY, source(bytes(100_000 + racer, racer))));

        assertThat(finishes).allSatisfy(finish -> assertThat(finish.problem()).isEmpty());
        int size = Math.toIntExact(store.head(KEY).size());
        assertHolds(KEY, bytes(size, size - 100_000));
    }

    private void assertOneWinner(
            List<Finish<StoredBlob>> finishes, BlobKey key, Class<? extends Throwable> whatTheOthersMeet)
            throws IOException {
        List<Finish<StoredBlob>> winners =
                finishes.stream().filter(finish -> finish.result().isPresent()).toList();
        assertThat(winners).as("winners for %s: %s", key, finishes).hasSize(1);
        assertThat(finishes.stream().flatMap(finish -> finish.problem().stream()))
                .hasSize(7)
                .allSatisfy(problem -> assertThat(problem).isInstanceOf(whatTheOthersMeet));
        int racer = winners.get(0).racer();
        assertHolds(key, bytes(10_000 + racer, racer));
        assertThat(store.head(key).version())
                .isEqualTo(winners.get(0).result().orElseThrow().version());
    }
}
