package io.blobstore.docs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A document of this repository.
 *
 * @param path its file, relative to the module whose tests run
 * @param text its content
 */
public record Page(Path path, String text) {
    /** The root of the repository, relative to the module whose tests run. */
    public static final Path ROOT = Path.of(Files.exists(Path.of("../mvnw")) ? ".." : "../..");

    /**
     * A fenced block of code.
     *
     * @param page the page that shows it
     * @param line the number of its first line in the page, from 1
     * @param language what follows the fence, as in "java"
     * @param text its lines, without the fences
     */
    public record Block(Page page, int line, String language, String text) {
        @Override
        public String toString() {
            return page + ":" + line;
        }
    }

    /** Returns the documents at the root and below docs, sorted by their names. */
    public static List<Page> all() {
        try (Stream<Path> top = Files.list(ROOT);
                Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
            return Stream.concat(top, docs)
                    .filter(path -> path.toString().endsWith(".md"))
                    .sorted()
                    .map(Page::read)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads the document with a name such as "docs/s3.md". */
    public static Page of(String name) {
        return read(ROOT.resolve(name));
    }

    private static Page read(Path path) {
        return new Page(path, text(path));
    }

    /** Returns the content of a file. */
    public static String text(Path path) {
        try {
            return Files.readString(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns all blocks of code. */
    public List<Block> blocks() {
        List<Block> blocks = new ArrayList<>();
        StringBuilder block = new StringBuilder();
        String language = null; // outside a block
        int first = 0;
        int number = 0;
        for (String line : text.lines().toList()) {
            number++;
            if (language == null && line.startsWith("```")) {
                language = line.substring(3).strip();
                first = number + 1;
            } else if (line.equals("```")) {
                blocks.add(new Block(this, first, language, block.toString()));
                language = null;
                block.setLength(0);
            } else if (language != null) {
                block.append(line).append('\n');
            }
        }
        if (language != null) {
            throw new IllegalStateException(this + ":" + first + ": this block of code is not closed");
        }
        return blocks;
    }

    /** Returns the blocks of code in one language. */
    public List<Block> blocks(String language) {
        return blocks().stream()
                .filter(block -> block.language().equals(language))
                .toList();
    }

    /** Returns the text without its blocks of code. */
    public String prose() {
        return text.replaceAll("(?ms)^```.*?^```$", "");
    }

    /** Returns its name as in "docs/s3.md". */
    @Override
    public String toString() {
        return ROOT.relativize(path).toString();
    }
}
