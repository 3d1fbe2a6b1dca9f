package io.blobstore.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.Writer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Runs commands of each kind, one after the other in one JVM, which lists the classes that they load. The script
 * {@code blobstore} has the JVM archive these, as it starts faster with classes from an archive than from many jars.
 */
final class StartupClasses {
    private StartupClasses() {}

    /**
     * Runs the commands. Nothing is printed, and failures do not matter: fewer classes are archived.
     *
     * @param args an empty directory, for the content that the commands work on
     */
    public static void main(String[] args) throws IOException {
        HashWarmUp.start();
        Path directory = Path.of(args[0]);
        Path file = Files.write(directory.resolve("file"), new byte[1 << 20]);
        Path back = directory.resolve("back");
        Path cache = Files.createDirectory(directory.resolve("cache"));
        run("--version");
        run("--help");

        String store = "file:" + Files.createDirectory(directory.resolve("store"));
        run("upload", file, "--store", store);
        run("upload", file, "--store", store, "--key", "compressed", "--compress");
        run("list", "--store", store);
        run("stat", "file", "--store", store, "--json");
        run("cat", "file", "--store", store);
        run("download", "file", "--store", store, "--to", back);
        run("delete", "compressed", "--store", store);
        run("sync", cache, ":cache", "--store", store);
        run("cp", "-r", ":", directory.resolve("copies"), "--store", store);
        run("cp", ":file", ":copy", "--store", store, "--target-store", "mem:other");
        run("rm", ":copies/*", "--store", store);
        run("cache", "stat", cache);
        // Nothing listens there.
        run("stat", "file", "--store", "s3://bucket?region=us-east-1&endpoint=https://127.0.0.1:1");

        statOfAServer();

        split("file:" + Files.createDirectory(directory.resolve("objects")), file, directory.resolve("merged"));
        String repository = "composefs:" + directory.resolve("repository");
        run("repo", "init", "--store", repository);
        split(repository, file, directory.resolve("merged-on-disk"));
    }

    /** Asks a server on the loopback interface for a blob: an answer needs more classes than a failure. */
    private static void statOfAServer() throws IOException {
        String answer = String.join(
                "\r\n",
                "HTTP/1.1 200 OK",
                "ETag: \"1\"",
                "Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT",
                "Content-Length: 1",
                "Connection: close",
                "",
                "");
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread answering = new Thread(() -> {
                try (Socket client = server.accept()) {
                    client.getInputStream().read(new byte[1 << 16]);
                    client.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
                } catch (IOException e) {
                    // The command fails, or has not connected.
                }
            });
            answering.setDaemon(true);
            answering.start();
            String endpoint = "http://127.0.0.1:" + server.getLocalPort();
            run("stat", "file", "--store", "s3://bucket?region=us-east-1&maxAttempts=1&endpoint=" + endpoint);
        }
    }

    private static void split(String repository, Path file, Path merged) {
        run("split", file, "--ref", "ref", "--format", "fixed:64KiB", "--unlocked", "--store", repository);
        run("split", file, "--ref", "ref", "--format", "tar", "--unlocked", "--store", repository);
        run("split-ls", "--store", repository, "--unlocked");
        run("merge", "refs/ref", merged, "--store", repository, "--unlocked");
        run("fsck", "--store", repository, "--unlocked");
        run("gc", "--store", repository, "--unlocked");
    }

    private static void run(Object... args) {
        Main.run(
                System.getenv(),
                new StandardOutput(
                        OutputStream.nullOutputStream(), Channels.newChannel(OutputStream.nullOutputStream())),
                new PrintWriter(Writer.nullWriter()),
                Arrays.stream(args).map(String::valueOf).toArray(String[]::new));
    }
}
