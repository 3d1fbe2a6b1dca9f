package io.blobstore.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A file system that is mounted for one child JVM, in a namespace of its own, so that it disappears with the JVM: a
 * disk that is small, read-only, or of another kind. Tests are skipped where that is not allowed.
 */
public final class SmallDisk {
    private static final Duration LIMIT = Duration.ofMinutes(5);

    private SmallDisk() {}

    /** Returns where the file system is mounted for tests of a temporary directory. */
    public static Path mountPoint(Path directory) {
        return directory.resolve("mounted");
    }

    /**
     * Runs the {@code main} method of a class on a disk in memory, with the mount point as its argument, and requires
     * that it succeeds.
     *
     * @param directory a temporary directory of the test
     * @param limits options of tmpfs, such as {@code size=1m} or {@code nr_inodes=700}
     * @param jvmOptions further options of the {@code java} command
     */
    public static ChildJvm.Exit run(Path directory, String limits, Class<?> child, String... jvmOptions)
            throws IOException, InterruptedException {
        return runOn(directory, "mount -t tmpfs -o " + limits + " tmpfs", child, jvmOptions);
    }

    /**
     * Runs the {@code main} method of a class on a file system, like {@link #run}.
     *
     * @param mount the command that mounts the file system, without the mount point, which follows it
     */
    public static ChildJvm.Exit runOn(Path directory, String mount, Class<?> child, String... jvmOptions)
            throws IOException, InterruptedException {
        Path mountPoint = Files.createDirectories(mountPoint(directory));
        assumeThat(succeeds("unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", mountPoint.toString()))
                .as("needs 'unshare' and the permission to mount in a namespace")
                .isTrue();
        ChildJvm.Exit exit = ChildJvm.of(child, directory)
                .with(jvmOptions)
                .under("unshare", "-rm", "sh", "-c", mount + " '" + mountPoint + "' && exec \"$@\"", "sh")
                .run(LIMIT, mountPoint.toString());
        assertThat(exit.code()).as(exit.output()).isZero();
        return exit;
    }

    /** Runs a command without output; returns whether it exists and succeeds. */
    public static boolean succeeds(String... command) throws InterruptedException {
        try {
            return new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false; // not available on this system
        }
    }
}
