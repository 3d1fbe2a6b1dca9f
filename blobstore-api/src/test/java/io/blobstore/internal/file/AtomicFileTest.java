package io.blobstore.internal.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
    @TempDir
    private Path directory;

    private Path target;

    @BeforeEach
    void nameTarget() {
        target = directory.resolve("target");
    }

    private static ByteBuffer text(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static void write(AtomicFile file, long offset, String text) throws IOException {
        try (AtomicFile.Section section = file.section(offset)) {
            section.write(text(text));
        }
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.sorted().toList();
        }
    }

    @Test
    void theTargetIsWhatItWasUntilItIsReplaced() throws IOException {
        Files.writeString(target, "old");
        try (AtomicFile file = AtomicFile.createBeside(target)) {
            write(file, 0, "new");
            assertThat(target).hasContent("old");
            file.force();

            file.replaceTarget();
        }
        assertThat(target).hasContent("new");
        assertThat(files()).containsExactly(target);
    }

    @Test
    void contentThatIsNotPublishedIsDiscarded() throws IOException {
        AtomicFile file = AtomicFile.create(target, directory.resolve("temporary"));
        write(file, 0, "new");
        assertThat(files()).containsExactly(file.temporary());

        file.close();
        file.close();

        assertThat(files()).isEmpty();
    }

    @Test
    void aTemporaryFileIsNeverSharedWithAnother() throws IOException {
        Path temporary = Files.createFile(directory.resolve("temporary"));

        assertThatExceptionOfType(FileAlreadyExistsException.class)
                .isThrownBy(() -> AtomicFile.create(target, temporary));
        assertThat(temporary).exists();
    }

    @Test
    void aLinkReplacesNothing() throws IOException {
        try (AtomicFile first = AtomicFile.createBeside(target);
                AtomicFile second = AtomicFile.createBeside(target)) {
            write(first, 0, "first");
            write(second, 0, "second");

            assertThat(first.linkTarget()).isTrue();
            assertThatExceptionOfType(FileAlreadyExistsException.class).isThrownBy(second::linkTarget);
        }
        assertThat(target).hasContent("first");
        assertThat(files()).containsExactly(target);
    }

    @Test
    void aMissingDirectoryIsReportedAndNotTakenForAFileSystemWithoutLinks() throws IOException {
        try (AtomicFile file = AtomicFile.create(directory.resolve("gone/target"), directory.resolve("temporary"))) {
            assertThatExceptionOfType(NoSuchFileException.class).isThrownBy(file::linkTarget);
            assertThatExceptionOfType(NoSuchFileException.class).isThrownBy(file::replaceTarget);
        }
    }

    @Test
    void sectionsAreWrittenInAnyOrderAndInPieces() throws IOException {
        byte[] large = new byte[2 * AtomicFile.MAX_WRITE + 5];
        large[large.length - 1] = 1;
        try (AtomicFile file = AtomicFile.createBeside(target)) {
            file.extend(10 + large.length);
            assertThat(Files.size(file.temporary())).isEqualTo(10 + large.length);
            ByteBuffer content = ByteBuffer.wrap(large);
            try (AtomicFile.Section second = file.section(10);
                    AtomicFile.Section first = file.section(0)) {
                second.write(content);
                first.write(text("01234"));
                first.write(text("56789"));
            }
            assertThat(content.hasRemaining()).isFalse();
            file.extend(3); // less than its current length

            file.replaceTarget();
        }
        byte[] expected = new byte[10 + large.length];
        System.arraycopy("0123456789".getBytes(StandardCharsets.US_ASCII), 0, expected, 0, 10);
        System.arraycopy(large, 0, expected, 10, large.length);
        assertThat(target).hasBinaryContent(expected);
    }

    @Test
    void anInterruptEndsOneSectionAndNotTheOthers() throws IOException {
        try (AtomicFile file = AtomicFile.createBeside(target)) {
            ByteBuffer content = text("lost");
            try (AtomicFile.Section interrupted = file.section(0);
                    AtomicFile.Section other = file.section(4)) {
                other.write(text("4567"));
                Thread.currentThread().interrupt();
                assertThatExceptionOfType(ClosedByInterruptException.class)
                        .isThrownBy(() -> interrupted.write(content));
                assertThat(Thread.interrupted()).isTrue();
                assertThat(content.position()).isZero();
                other.write(text("89"));
            }
            write(file, 0, "0123");
            file.force();

            file.replaceTarget();
        }
        assertThat(target).hasContent("0123456789");
    }

    @Test
    void moreThanTheFileSystemHoldsIsRefused() throws IOException {
        try (AtomicFile file = AtomicFile.createBeside(target)) {
            file.requireRoom(1);

            assertThatExceptionOfType(FileSystemException.class)
                    .isThrownBy(() -> file.requireRoom(Long.MAX_VALUE))
                    .withMessageContaining(target.toString())
                    .withMessageContaining("no room for " + Long.MAX_VALUE + " bytes");
        }
    }

    // ---- what dead processes left beside a target

    private static final String DEAD = ".blobstore-1-1-dead";

    private Path leftover(String name) throws IOException {
        return Files.createFile(directory.resolve(name));
    }

    private void createAndDiscard() throws IOException {
        AtomicFile.createBeside(target).close();
    }

    @Test
    void whatADeadProcessLeftIsDeletedWhereverItStopped() throws IOException {
        for (List<String> left : List.of(
                List.of(DEAD + ".lock", DEAD + ".part"), // while it wrote
                List.of(DEAD + ".lock"), // before it wrote, or after it published
                List.of(DEAD + ".part"))) { // no program of ours: there is no lock without its file
            for (String name : left) {
                leftover(name);
            }
            createAndDiscard();
            assertThat(files()).as(left.toString()).isEmpty();
        }
    }

    @Test
    void whatOthersHaveLockedOrNamedStays() throws IOException {
        List<Path> others = List.of(
                leftover(".blobstore"),
                leftover(".blobstore-x"),
                leftover(".blobstore-x.lock"),
                leftover(".blobstore-x.part"),
                leftover("blobstore-y.part"));
        try (FileChannel channel = FileChannel.open(others.get(2), StandardOpenOption.WRITE)) {
            assertThat(channel.lock().isValid()).isTrue();
            createAndDiscard();
            assertThat(files()).isEqualTo(others);
        }
        createAndDiscard();
        assertThat(files()).containsExactly(others.get(0), others.get(1), others.get(4));
    }

    @Test
    void whatOnlyLooksLikeALeftoverIsNoFailure() throws Exception {
        Files.createDirectories(directory.resolve(DEAD + ".lock/inside"));
        Files.createSymbolicLink(directory.resolve(DEAD + "2.lock"), Files.createFile(directory.resolve("linked")));
        Files.createDirectories(directory.resolve(DEAD + "3.part/inside"));
        List<Path> before = files();

        createAndDiscard();

        assertThat(files()).isEqualTo(before);
    }

    @Test
    void aLargeDirectoryIsReadOncePerManyFiles() throws IOException {
        for (int i = 0; i < 350; i++) {
            leftover("file" + i);
        }
        createAndDiscard();
        leftover(DEAD + ".part");
        for (int i = 0; i < 3; i++) {
            createAndDiscard();
            assertThat(files()).hasSize(351);
        }
        createAndDiscard();
        assertThat(files()).hasSize(350);
    }

    @Test
    void namesOfTemporaryFilesAreReservedInAnyCase() {
        assertThat(List.of(".blobstore-1.part", ".blobstore-1.lock", ".BlobStore-a b.PART"))
                .allMatch(AtomicFile::isReservedName);
        assertThat(List.of(".blobstore", ".blobstore-1", "blobstore-1.part", ".blobstore-1.part.txt", ".part"))
                .noneMatch(AtomicFile::isReservedName);
    }

    @Test
    void anInterruptDoesNotKeepADirectoryFromTheDevice() throws IOException {
        Thread.currentThread().interrupt();
        AtomicFile.forceDirectory(directory);

        assertThat(Thread.interrupted()).isTrue();
        AtomicFile.forceDirectory(directory.resolve("missing"));
    }
}
