package io.blobstore.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobVersion;
import org.junit.jupiter.api.Test;

/** When a version may be served without a request. */
class CurrentVersionsTest {
    private static final BlobKey KEY = BlobKey.of("key");
    private static final BlobVersion ONE = new BlobVersion("1");
    private static final BlobVersion TWO = new BlobVersion("2");

    private final CurrentVersions versions = new CurrentVersions();

    @Test
    void aVersionOfAKeyThatNobodyChangedMayBeServed() {
        assertThat(versions.mayServe(KEY, ONE)).isTrue();
    }

    @Test
    void onlyTheVersionThatWasReportedLastMayBeServed() {
        versions.observed(KEY, TWO, versions.now());

        assertThat(versions.mayServe(KEY, TWO)).isTrue();
        assertThat(versions.mayServe(KEY, ONE)).isFalse();
    }

    @Test
    void aResponseToARequestBeforeAChangeTellsNothing() {
        long before = versions.now();
        versions.changed(KEY);
        versions.observed(KEY, ONE, before);
        assertThat(versions.mayServe(KEY, ONE)).isFalse();

        versions.observed(KEY, TWO, versions.now());
        assertThat(versions.mayServe(KEY, TWO)).isTrue();
    }

    @Test
    void afterAChangeOfUnknownKeysNothingMayBeServedUntilItIsReported() {
        long before = versions.now();
        versions.changedUnknown();
        versions.observed(KEY, ONE, before);
        assertThat(versions.mayServe(KEY, ONE)).isFalse();

        versions.observed(KEY, ONE, versions.now());
        assertThat(versions.mayServe(KEY, ONE)).isTrue();
    }

    @Test
    void aChangeThatIsForgottenConcernsAllUnknownKeys() {
        versions.changed(KEY);
        for (int i = 0; i < 20_000; i++) {
            BlobKey other = BlobKey.of("other-" + i);
            versions.observed(other, ONE, versions.now());
        }

        assertThat(versions.mayServe(KEY, ONE)).isFalse();
    }
}
