package io.blobstore.cas.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.blobstore.cas.CacheListener;
import io.blobstore.cas.Keyspace;
import io.blobstore.contract.LeakCheck;
import io.blobstore.internal.file.ProcessSession;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Tests the leader's work step by step, without its thread. */
@ExtendWith(LeakCheck.class)
class SharedMemberTest {
    private static final long MAX = 1 << 20;
    private static final int DEAD_SLOT = 5;

    @TempDir
    Path directory;

    private Path state;
    private Layout layout;
    private ProcessSession session;
    private SharedUsage usage;
    private Journal journal;
    private SharedMember member;
    private Index index;
    private LogTail tail;

    @BeforeEach
    void create() throws IOException {
        state = Files.createDirectory(directory.resolve("state")).toRealPath();
        layout = new Layout(Files.createDirectory(directory.resolve("cache")));
        layout.create();
        session = ProcessSession.join(state);
        SharedUsage.reset(state);
        usage = SharedUsage.open(layout.directory(), state, session, MAX);
        JournalFiles files = WriterState.journalFiles(state);
        SharedJournal sharing = new SharedJournal(state, files, () -> false);
        journal = new Journal(files, "owner", 1, 0, session::newTemporary, sharing, Duration.ofHours(1));
        journal.start();
        member = new SharedMember(layout, state, MAX, usage, files, journal, sharing, Map.of());
        index = new Index(MAX, journal, entry -> {}, member, CacheListener.NONE);
        tail = new LogTail(files, journal, index, Map.of());
    }

    @AfterEach
    void close() throws IOException {
        index.close();
        journal.close();
        member.close();
        session.leave();
    }

    /** Leaves what a process leaves that is killed during a put, and has put what somebody else deleted. */
    private void killOther() throws IOException {
        assertThat(usage.take(8192)).isTrue();
        usage.committed(8192);
        try (FileChannel file = FileChannel.open(state.resolve("usage"), StandardOpenOption.WRITE)) {
            ByteBuffer reserved = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder());
            file.write(reserved.putLong(0, 4096), 4096 + DEAD_SLOT * 64L);
        }
    }

    @Test
    void aCountThatFailedAfterTheDeathOfAProcessIsTriedAgainByTheNextElection() throws IOException {
        member.elect(index, tail);
        assertThat(member.evicts()).isTrue();
        killOther();
        Path shard = layout.shard(Keyspace.CAS, 7);
        Files.deleteIfExists(shard);
        Files.writeString(shard, "cannot be listed");
        assertThatIOException().isThrownBy(() -> member.elect(index, tail)).withMessageContaining(shard.toString());
        assertThat(usage.used()).isEqualTo(8192);
        Files.delete(shard);
        member.elect(index, tail);
        assertThat(usage.used()).isZero();
    }

    @Test
    void whoCannotCountDoesNotLeadAndTriesAgain() throws IOException {
        Path shard = layout.shard(Keyspace.CAS, 7);
        Files.deleteIfExists(shard);
        Files.writeString(shard, "cannot be listed");
        assertThatIOException().isThrownBy(() -> member.elect(index, tail));
        assertThat(member.evicts()).isFalse();
        Files.delete(shard);
        member.elect(index, tail);
        assertThat(member.evicts()).isTrue();
    }

    @Test
    void aCountFindsSecondFilesAndCountsThem() throws IOException {
        EntryFile entry = new EntryFile(OpenedCache.key(1), EntryFile.Format.PLAIN, -1, "1");
        EntryFile second = new EntryFile(OpenedCache.key(1), EntryFile.Format.PLAIN, -1, "2");
        EntryFile other = new EntryFile(OpenedCache.key(2), EntryFile.Format.PLAIN, -1, "3");
        for (EntryFile file : Set.of(entry, second, other)) {
            Files.createDirectories(layout.path(file).getParent());
            Files.write(layout.path(file), new byte[10]);
        }
        assertThat(index.load(entry, 10, Index.NOW)).isTrue();
        Set<EntryFile> found = new HashSet<>();
        assertThat(member.count(index, found)).isEqualTo(3 * 4096);
        assertThat(found).containsExactly(second);
        assertThat(index.peek(other.key())).isPresent();
    }

    @Test
    void deletingASecondFileGivesItsBytesBack() throws IOException {
        member.elect(index, tail);
        Path file = Files.write(layout.directory().resolve("file"), new byte[5000]);
        assertThat(usage.take(8192)).isTrue();
        usage.committed(8192);
        member.delete(file);
        assertThat(file).doesNotExist();
        assertThat(usage.used()).isZero();
        member.delete(file); // as another process, too late
        assertThat(usage.used()).isZero();
    }
}
