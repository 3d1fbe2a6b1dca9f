package io.blobstore.cli;

import io.blobstore.cli.CompletionCommand.Shell;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import picocli.CommandLine;

/** Writes what a distribution has beside its runtime: jars, completions and manual pages. */
final class DistributionFiles {
    private DistributionFiles() {}

    /**
     * Writes the files.
     *
     * @param args the directory with {@code blobstore.jar} and {@code lib}, and that of the distribution
     */
    public static void main(String[] args) throws IOException {
        Path target = Path.of(args[0]);
        Path distribution = Path.of(args[1]);
        storeJar(target.resolve("blobstore.jar"), distribution.resolve("blobstore.jar"));
        Path libraries = Files.createDirectories(distribution.resolve("lib"));
        try (Stream<Path> jars = Files.list(target.resolve("lib"))) {
            for (Iterator<Path> it = jars.sorted().iterator(); it.hasNext(); ) {
                Path jar = it.next();
                storeJar(jar, libraries.resolve(jar.getFileName()));
            }
        }
        writeShare(distribution.resolve("share"));
    }

    /**
     * Copies a jar without compressing its entries: a tar.gz of such jars is a third smaller, as entries have much in
     * common, and classes load faster.
     */
    static void storeJar(Path jar, Path copy) throws IOException {
        try (ZipFile entries = new ZipFile(jar.toFile());
                ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(copy))) {
            entries.stream().forEach(entry -> {
                try (InputStream content = entries.getInputStream(entry)) {
                    out.putNextEntry(stored(entry));
                    content.transferTo(out);
                    out.closeEntry();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }

    private static ZipEntry stored(ZipEntry entry) {
        ZipEntry stored = new ZipEntry(entry.getName());
        stored.setTime(entry.getTime());
        stored.setMethod(ZipEntry.STORED);
        stored.setSize(entry.getSize());
        stored.setCrc(entry.getCrc());
        return stored;
    }

    /** Writes completions and manual pages to the directory {@code share}. */
    static void writeShare(Path share) throws IOException {
        CommandLine commands = Main.allCommands();
        write(share.resolve("bash-completion/completions/blobstore"), Shell.BASH.script(commands));
        write(share.resolve("fish/vendor_completions.d/blobstore.fish"), Shell.FISH.script(commands));
        Map<String, String> pages = ManPage.all(commands.getCommandSpec(), new Main.Version().getVersion()[0]);
        for (Map.Entry<String, String> page : pages.entrySet()) {
            write(share.resolve("man/man1").resolve(page.getKey()), page.getValue());
        }
    }

    private static void write(Path file, String content) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
    }
}
