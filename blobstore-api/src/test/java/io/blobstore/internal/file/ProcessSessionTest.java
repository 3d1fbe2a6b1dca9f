package io.blobstore.internal.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests sweeping the directories of sessions whose lock files are lost. */
class ProcessSessionTest {
    /** A pid that no operating system gives. */
    private static final long NO_PID = 99_999_999_999L;

    private static final Duration LONG_AGO = ProcessSession.ABANDONED.plusMinutes(1);

    @TempDir
    Path directory;

    private Path tmp;

    @BeforeEach
    void createDirectory() throws IOException {
        tmp = Files.createDirectory(directory.resolve("tmp"));
    }

    private static String name(long pid, Instant started) {
        return pid + "-" + started.toEpochMilli() + "-" + UUID.randomUUID();
    }

    private static Path age(Path path, Duration age) throws IOException {
        return Files.setLastModifiedTime(path, FileTime.from(Instant.now().minus(age)));
    }

    /** Creates the directory of a session, with two files: the ages of the directory and of one file. */
    private Path session(String name, Duration ofDirectory, Duration ofFile) throws IOException {
        Path session = Files.createDirectory(tmp.resolve(name));
        age(Files.createFile(session.resolve("1")), LONG_AGO);
        age(Files.createFile(session.resolve("2")), ofFile);
        return age(session, ofDirectory);
    }

    @Test
    void aSessionWithoutALockFileIsSweptWhenItWasNotUsedForLong() throws IOException {
        Path abandoned = session(name(NO_PID, Instant.now()), LONG_AGO, LONG_AGO);
        Duration recently = ProcessSession.ABANDONED.minusHours(1);
        Path writes = session(name(NO_PID, Instant.now()), LONG_AGO, recently);
        Path creates = session(name(NO_PID, Instant.now()), recently, LONG_AGO);
        ProcessSession.sweep(directory);
        assertThat(abandoned).doesNotExist();
        assertThat(writes).isNotEmptyDirectory();
        assertThat(creates).isNotEmptyDirectory();
    }

    @Test
    void theSessionOfAProcessThatRunsIsNeverSwept() throws IOException {
        ProcessSession own = ProcessSession.join(directory.toRealPath());
        try {
            Path file = Files.createFile(own.newTemporary());
            Files.delete(LivenessLock.lockFile(file.getParent()));
            age(file, LONG_AGO);
            age(file.getParent(), LONG_AGO);
            ProcessHandle parent = ProcessHandle.current().parent().orElseThrow();
            Instant started = parent.info().startInstant().orElseThrow();
            Path other = session(name(parent.pid(), started.plusSeconds(1)), LONG_AGO, LONG_AGO);
            Path unknown = session(name(parent.pid(), Instant.EPOCH), LONG_AGO, LONG_AGO);
            Path earlier = session(name(parent.pid(), started.minusSeconds(86_400)), LONG_AGO, LONG_AGO);
            ProcessSession.sweep(directory);
            assertThat(file).exists();
            assertThat(other).isNotEmptyDirectory();
            assertThat(unknown).isNotEmptyDirectory();
            assertThat(earlier).as("of another process with that pid").doesNotExist();
        } finally {
            own.leave();
        }
    }

    @Test
    void otherNamesRemain() throws IOException {
        Path foreign = session("1-2-backup", LONG_AGO, LONG_AGO);
        Path file = age(Files.createFile(tmp.resolve(name(NO_PID, Instant.now()))), LONG_AGO);
        Path link = Files.createSymbolicLink(tmp.resolve(name(NO_PID, Instant.now())), foreign);
        Path locked = session(name(NO_PID, Instant.now()), LONG_AGO, LONG_AGO);
        Files.createDirectory(LivenessLock.lockFile(locked)); // cannot be locked
        ProcessSession.sweep(directory);
        assertThat(foreign).isNotEmptyDirectory();
        assertThat(file).exists();
        assertThat(link).isSymbolicLink();
        assertThat(locked).isNotEmptyDirectory();
    }
}
