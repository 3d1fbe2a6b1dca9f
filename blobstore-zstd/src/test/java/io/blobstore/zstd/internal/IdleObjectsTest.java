package io.blobstore.zstd.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class IdleObjectsTest {
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
