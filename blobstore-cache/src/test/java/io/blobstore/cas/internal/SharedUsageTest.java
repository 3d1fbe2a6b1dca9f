package io.blobstore.cas.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.blobstore.contract.LeakCheck;
import io.blobstore.internal.file.ProcessSession;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakCheck.class)
class SharedUsageTest {
    private static final long MAX = 1000;

    @TempDir
    Path state;

    private ProcessSession session;
    private SharedUsage usage;

    @BeforeEach
    void open() throws IOException {
        session = ProcessSession.join(state.toRealPath());
        SharedUsage.reset(state);
        usage = SharedUsage.open(state, state, session, MAX);
    }

    @AfterEach
    void close() throws IOException {
        usage.close();
        session.leave();
    }

    @Test
    void nothingCanBeTakenBeforeTheFilesAreCounted() throws IOException {
        assertThat(usage.take(1)).isFalse();
        usage.recount(() -> 400);
        assertThat(usage.used()).isEqualTo(400);
        assertThat(usage.take(601)).isFalse();
        assertThat(usage.take(600)).isTrue();
        assertThat(usage.take(1)).isFalse();
        usage.give(1);
        assertThat(usage.take(1)).isTrue();
    }

    @Test
    void aRecountRemovesWhatADeadProcessHasLeft() throws IOException {
        usage.recount(() -> 0);
        assertThat(usage.take(500)).isTrue();
        usage.committed(500); // of files of which 300 bytes are gone
        assertThat(usage.take(100)).isTrue();
        usage.recount(() -> 200);
        assertThat(usage.used()).isEqualTo(300);
    }

    @Test
    void aProcessThatIsClosedWhileItCountsDoesNotReportAPart() throws IOException {
        Path directory = Files.createDirectory(state.resolve("cache"));
        Layout layout = new Layout(directory);
        layout.create();
        try (Index index = new Index(MAX, new ReaperTest.NoLog(), entry -> {})) {
            SharedMember member = new SharedMember(layout, state, MAX, usage, null, null, null, Map.of());
            assertThat(member.count(index, new HashSet<>())).isZero();
            member.stop();
            assertThatIllegalStateException()
                    .isThrownBy(() -> usage.recount(() -> member.count(index, new HashSet<>())));
        }
        assertThat(usage.isCounted()).isFalse();
    }

    @Test
    void aRecountNeverRemovesWhatOthersDoMeanwhile() throws IOException {
        usage.recount(() -> 0);
        assertThat(usage.take(500)).isTrue();
        usage.recount(() -> {
            assertThat(usage.take(200)).isTrue();
            usage.committed(100);
            return 0;
        });
        assertThat(usage.used()).isEqualTo(700);
        usage.recount(() -> {
            usage.give(300);
            return 100;
        });
        assertThat(usage.used()).isEqualTo(400);
        usage.recount(() -> {
            usage.deleting(100);
            usage.deleted(100, true); // before it was listed
            return 0;
        });
        assertThat(usage.used()).isBetween(300L, 300L);
    }

    @Test
    void usedIsNeverLessThanTheTruthWhileFilesAreCounted() throws Exception {
        usage.recount(() -> 0);
        AtomicLong files = new AtomicLong();
        AtomicLong most = new AtomicLong();
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            var work = IntStream.range(0, 4)
                    .<Future<?>>mapToObj(number -> threads.submit(() -> {
                        Random random = new Random(number);
                        for (int i = 0; i < 20_000; i++) {
                            long bytes = 1 + random.nextInt(300);
                            if (usage.take(bytes)) {
                                long now = files.addAndGet(bytes);
                                most.accumulateAndGet(now, Math::max);
                                usage.committed(bytes);
                                usage.deleting(bytes);
                                files.addAndGet(-bytes);
                                usage.deleted(bytes, true);
                            }
                        }
                    }))
                    .toList();
            while (!work.stream().allMatch(Future::isDone)) {
                usage.recount(files::get);
            }
            for (Future<?> one : work) {
                one.get();
            }
        } finally {
            threads.shutdown();
        }
        assertThat(most).hasValueLessThanOrEqualTo(MAX).hasValueGreaterThan(MAX / 4);
        usage.recount(files::get);
        assertThat(usage.used()).isZero();
    }

    @Test
    void afterClosingNothingCanBeTakenAndGivingDoesNothing() throws IOException {
        usage.recount(() -> 0);
        assertThat(usage.take(10)).isTrue();
        usage.close();
        assertThat(usage.take(1)).isFalse();
        usage.give(10);
        usage.committed(10);
        usage.close();
    }

    @Test
    void whoLeadsKeepsLeading() throws IOException {
        assertThat(usage.tryLead()).isTrue();
        assertThat(usage.tryLead()).isTrue();
        assertThat(usage.reclaim()).isFalse();
    }
}
