package io.blobstore.http.objects;

import io.blobstore.http.ManualClock;

/** Gives stores a clock that only a test advances. */
public final class ManualClocks {
    private ManualClocks() {}

    /** Makes a store measure the time limits of its connections by a clock. */
    public static <B extends BucketStoreBuilder<B>> B measure(B store, ManualClock clock) {
        clock.measure(store.http);
        return store;
    }
}
