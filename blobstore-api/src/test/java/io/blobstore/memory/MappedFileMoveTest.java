package io.blobstore.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.SourceChangedException;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.LeakCheck;
import io.blobstore.memory.MappedFile.Access;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Renaming a file that is mapped. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class MappedFileMoveTest {
    @TempDir
    private Path directory;

    private Path write(String name, String content) throws IOException {
        return Files.writeString(directory.resolve(name), content);
    }

    private static char first(MappedFile file) throws IOException {
        try (Lease lease = file.region().acquire()) {
            return (char) lease.buffers().get(0).get(0);
        }
    }

    @ParameterizedTest
    @EnumSource(Access.class)
    void regionsAndLeasesStayValidAndAnExistingTargetIsReplaced(Access access) throws Exception {
        Path from = write("from", "moved");
        Path to = write("to", "replaced");
        try (MappedFile file = MappedFile.open(from, access)) {
            MappedRegion region = file.region(1, 2);
            try (Lease lease = region.acquire()) {
                file.moveTo(to);

                assertThat(lease.buffers().get(0).get(0)).isEqualTo((byte) 'o');
            }
            region.acquire().close();
            assertThat(first(file)).isEqualTo('m');
            assertThat(file.path()).isEqualTo(to);
            assertThat(from).doesNotExist();
            assertThat(to).hasContent("moved");

            file.moveTo(from);
            assertThat(first(file)).isEqualTo('m');
            assertThat(to).doesNotExist();
        }
    }

    @Test
    void aFileThatWasReplacedIsNotMoved() throws Exception {
        Path from = write("from", "mapped");
        try (MappedFile file = MappedFile.open(from)) {
            Files.delete(from);
            write("from", "another");

            assertThatThrownBy(() -> file.moveTo(directory.resolve("to"))).isInstanceOf(SourceChangedException.class);

            assertThat(from).hasContent("another");
        }
    }

    @Test
    void afterAFailureTheFileIsUsableWhereItWas() throws Exception {
        Path from = write("from", "mapped");
        try (MappedFile file = MappedFile.open(from)) {
            assertThatThrownBy(() -> file.moveTo(directory.resolve("missing/to")))
                    .isInstanceOf(NoSuchFileException.class);

            assertThat(first(file)).isEqualTo('m');
            assertThat(file.path()).isEqualTo(from);
        }
    }

    @Test
    void anotherFileAtTheNewPathIsNoticed() throws Exception {
        Path to = directory.resolve("to");
        try (MappedFile file = MappedFile.open(write("from", "mapped"))) {
            file.moveTo(to);
            Files.delete(to);
            write("to", "another");

            assertThatThrownBy(() -> file.region().acquire()).isInstanceOf(SourceChangedException.class);
        }
    }

    @Test
    void aClosedFileIsNotMoved() throws Exception {
        MappedFile file = MappedFile.open(write("from", "mapped"));
        file.close();

        assertThatThrownBy(() -> file.moveTo(directory.resolve("to"))).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void leasesAreTakenWhileTheFileMoves() throws Exception {
        Path one = write("one", "mapped");
        Path two = directory.resolve("two");
        try (MappedFile file = MappedFile.open(one)) {
            AtomicBoolean ended = new AtomicBoolean();
            CountDownLatch started = new CountDownLatch(1);
            FutureTask<Void> user = new FutureTask<>(() -> {
                while (!ended.get()) {
                    assertThat(first(file)).isEqualTo('m');
                    started.countDown();
                }
                return null;
            });
            new Thread(user, "user").start();
            started.await();
            try {
                for (int i = 0; i < CampaignScale.of(5000); i++) {
                    file.moveTo(i % 2 == 0 ? two : one);
                }
            } finally {
                ended.set(true);
            }
            user.get();
        }
    }
}
