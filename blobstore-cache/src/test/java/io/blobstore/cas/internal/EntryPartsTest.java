package io.blobstore.cas.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Tests the small parts: counts of uses. */
class EntryPartsTest {
    @Test
    void whatIsInUseIsReleasedOnceByTheLastUser() {
        AtomicInteger released = new AtomicInteger();
        UseCount uses = new UseCount(released::incrementAndGet);
        assertThat(uses.tryEnter()).isTrue();
        assertThat(uses.tryEnter()).isTrue();
        uses.leave();
        uses.close();
        uses.close();
        assertThat(uses.tryEnter()).isFalse();
        assertThat(released).hasValue(0);
        uses.leave();
        assertThat(released).hasValue(1);
        uses.close();
        assertThat(released).hasValue(1);

        UseCount unused = new UseCount(released::incrementAndGet);
        unused.close();
        assertThat(released).hasValue(2);
    }
}
