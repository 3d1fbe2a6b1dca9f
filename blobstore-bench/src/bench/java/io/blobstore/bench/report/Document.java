package io.blobstore.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.knowm.xchart.internal.chartpart.IChart;

/** The content of the report, whatever it is written as. All text is plain: who renders it, escapes it. */
final class Document {
    /** A part of it. */
    sealed interface Block permits Heading, Paragraph, Link, Table, Chart {}

    /**
     * The beginning of a section.
     *
     * @param level 2 and more: the title of the document is 1
     */
    record Heading(int level, String text) implements Block {}

    record Paragraph(String text) implements Block {}

    /**
     * A paragraph that leads to a file.
     *
     * @param file its name beside the document
     */
    record Link(String text, String file) implements Block {}

    /**
     * Rows below a header.
     *
     * @param texts how many columns, from the first, are text and not figures
     */
    record Table(int texts, List<String> header, List<Row> rows) implements Block {}

    /** A row of a table; what is of this library, stands out. */
    record Row(boolean strong, List<String> cells) {}

    /**
     * A picture.
     *
     * @param file its name beside the document
     * @param text what it shows, for who cannot see it
     */
    record Chart(String file, String text, String svg) implements Block {}

    final String title;
    private final List<Block> blocks = new ArrayList<>();

    Document(String title) {
        this.title = title;
    }

    List<Block> blocks() {
        return blocks;
    }

    void heading(int level, String text) {
        blocks.add(new Heading(level, text));
    }

    void paragraph(String text) {
        blocks.add(new Paragraph(text));
    }

    void link(String text, String file) {
        blocks.add(new Link(text, file));
    }

    void table(int texts, List<String> header, List<Row> rows) {
        blocks.add(new Table(texts, header, rows));
    }

    /** Adds a picture whose file is named after what it shows. */
    void chart(String text, Drawing drawing) {
        String name =
                text.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("^-|-$", "");
        long sameName = blocks.stream()
                .filter(block -> block instanceof Chart chart && chart.file().matches(name + "(--\\d+)?\\.svg"))
                .count();
        String unique = sameName == 0 ? name : name + "--" + (sameName + 1);
        blocks.add(new Chart(unique + ".svg", text, Svg.of(drawing.draw(), unique, text)));
    }

    /** Draws a chart. */
    @FunctionalInterface
    interface Drawing {
        IChart draw();
    }
}
