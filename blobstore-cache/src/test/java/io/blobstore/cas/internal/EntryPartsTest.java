package io.blobstore.cas.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Tests the small parts: counts of uses, and objects that are reused. */
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

    @Test
    void idleObjectsAreReusedBoundedAndDestroyedOnce() {
        AtomicInteger created = new AtomicInteger();
        List<Integer> destroyed = new ArrayList<>();
        IdleObjects<Integer> objects = new IdleObjects<>(created::incrementAndGet, destroyed::add, 2);
        int one = objects.take();
        int two = objects.take();
        int three = objects.take();
        assertThat(List.of(one, two, three)).containsExactly(1, 2, 3);
        objects.give(one);
        objects.give(two);
        objects.give(three);
        assertThat(destroyed).containsExactly(3);
        assertThat(objects.take()).isEqualTo(2);
        objects.close();
        assertThat(destroyed).containsExactly(3, 1);
        objects.give(two);
        objects.close();
        assertThat(destroyed).containsExactly(3, 1, 2);
    }
}
