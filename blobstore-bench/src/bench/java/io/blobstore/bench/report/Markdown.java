package io.blobstore.bench.report;

import io.blobstore.bench.report.Document.Block;
import io.blobstore.bench.report.Document.Chart;
import io.blobstore.bench.report.Document.Heading;
import io.blobstore.bench.report.Document.Link;
import io.blobstore.bench.report.Document.Paragraph;
import io.blobstore.bench.report.Document.Row;
import io.blobstore.bench.report.Document.Table;

/** Writes a document as GitHub's Markdown, which links to the pictures beside it. */
final class Markdown {
    private Markdown() {}

    static String of(Document document) {
        StringBuilder out =
                new StringBuilder("# ").append(escape(document.title)).append('\n');
        for (Block block : document.blocks()) {
            out.append('\n');
            if (block instanceof Heading heading) {
                out.append("#".repeat(heading.level()))
                        .append(' ')
                        .append(escape(heading.text()))
                        .append('\n');
            } else if (block instanceof Paragraph paragraph) {
                out.append(escape(paragraph.text())).append('\n');
            } else if (block instanceof Link link) {
                out.append('[').append(escape(link.text())).append("](" + link.file() + ")\n");
            } else if (block instanceof Chart chart) {
                out.append("![")
                        .append(escape(chart.text()))
                        .append("](")
                        .append(chart.file())
                        .append(")\n");
            } else if (block instanceof Table table) {
                append(out, table);
            }
        }
        return out.toString();
    }

    private static void append(StringBuilder out, Table table) {
        out.append('|');
        table.header().forEach(cell -> out.append(' ').append(escape(cell)).append(" |"));
        out.append("\n|");
        for (int column = 0; column < table.header().size(); column++) {
            out.append(column < table.texts() ? "---|" : "---:|");
        }
        out.append('\n');
        for (Row row : table.rows()) {
            String mark = row.strong() ? "**" : "";
            out.append('|');
            for (String cell : row.cells()) {
                // Two marks with nothing between are no emphasis, but four asterisks.
                String around = cell.isBlank() ? "" : mark;
                out.append(' ')
                        .append(around)
                        .append(escape(cell))
                        .append(around)
                        .append(" |");
            }
            out.append('\n');
        }
    }

    /** As text that GitHub shows as it is, on one line, also within a table. */
    static String escape(String text) {
        StringBuilder out = new StringBuilder();
        text.strip().codePoints().forEach(c -> {
            switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '\n', '\r', '\t' -> out.append(' ');
                case '\\', '|', '*', '_', '`', '[', ']', '~', '$', '#' ->
                    out.append('\\').appendCodePoint(c);
                default -> out.appendCodePoint(c);
            }
        });
        return out.toString();
    }
}
