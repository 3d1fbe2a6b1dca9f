package io.blobstore.bench.report;

import io.blobstore.bench.report.Document.Block;
import io.blobstore.bench.report.Document.Chart;
import io.blobstore.bench.report.Document.Heading;
import io.blobstore.bench.report.Document.Link;
import io.blobstore.bench.report.Document.Paragraph;
import io.blobstore.bench.report.Document.Row;
import io.blobstore.bench.report.Document.Table;

/** Writes a document as one page that needs nothing beside it. It is well-formed XML, too. */
final class Html {
    // The charts are dark on white; in the dark they are turned around, which keeps their hues.
    private static final String STYLE = """
            :root { color-scheme: light dark; --text: #1f2328; --back: #ffffff; --line: #d0d7de; --shade: #f3f6f9; }
            @media (prefers-color-scheme: dark) {
              :root { --text: #d7dde4; --back: #14181d; --line: #3a424c; --shade: #1c2229; }
              figure svg { filter: invert(0.92) hue-rotate(180deg); }
            }
            body { margin: 0 auto; padding: 1rem 1.5rem 4rem; max-width: 72rem; color: var(--text); background: var(--back);
              font: 16px/1.5 system-ui, sans-serif; }
            h1, h2, h3 { line-height: 1.25; }
            h2 { margin-top: 2.5rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); }
            h3 { margin-top: 2rem; }
            p { max-width: 48rem; }
            .table { overflow-x: auto; margin: 1rem 0; }
            table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
            th, td { padding: .35rem .7rem; border: 1px solid var(--line); text-align: left; overflow-wrap: anywhere; }
            th { background: var(--shade); overflow-wrap: normal; }
            .n { text-align: right; }
            td.short { white-space: nowrap; }
            tr.strong td { font-weight: 600; background: var(--shade); }
            figure { margin: 1.2rem 0; }
            figure svg { max-width: 100%; height: auto; }
            """;

    private static final int LONGEST_FIGURE = 26;

    private Html() {}

    static String of(Document document) {
        StringBuilder out = new StringBuilder();
        String title = escape(document.title);
        out.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\" />\n")
                .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n")
                .append("<title>" + title + "</title>\n<style>\n" + STYLE + "</style>\n</head>\n<body>\n")
                .append("<h1>" + title + "</h1>\n");
        for (Block block : document.blocks()) {
            if (block instanceof Heading heading) {
                String tag = "h" + heading.level();
                out.append("<" + tag + ">" + escape(heading.text()) + "</" + tag + ">\n");
            } else if (block instanceof Paragraph paragraph) {
                out.append("<p>" + escape(paragraph.text()) + "</p>\n");
            } else if (block instanceof Link link) {
                out.append("<p><a href=\"" + escape(link.file()) + "\">" + escape(link.text()) + "</a></p>\n");
            } else if (block instanceof Chart chart) {
                out.append("<figure>\n").append(chart.svg()).append("</figure>\n");
            } else if (block instanceof Table table) {
                append(out, table);
            }
        }
        return out.append("</body>\n</html>\n").toString();
    }

    private static void append(StringBuilder out, Table table) {
        out.append("<div class=\"table\"><table>\n<thead><tr>");
        for (int column = 0; column < table.header().size(); column++) {
            appendCell(out, "th", column >= table.texts(), table.header().get(column));
        }
        out.append("</tr></thead>\n<tbody>\n");
        for (Row row : table.rows()) {
            out.append(row.strong() ? "<tr class=\"strong\">" : "<tr>");
            for (int column = 0; column < row.cells().size(); column++) {
                appendCell(out, "td", column >= table.texts(), row.cells().get(column));
            }
            out.append("</tr>\n");
        }
        out.append("</tbody>\n</table></div>\n");
    }

    private static void appendCell(StringBuilder out, String tag, boolean number, String text) {
        // A figure and its spread stay together; a reason in their place may need several lines.
        String kind = text.length() > LONGEST_FIGURE ? "n" : "n short";
        out.append("<" + tag + (number ? " class=\"" + kind + "\"" : "") + ">" + escape(text) + "</" + tag + ">");
    }

    /** For the content of elements and of attributes, without the characters that XML does not allow. */
    static String escape(String text) {
        StringBuilder out = new StringBuilder();
        text.codePoints().forEach(c -> {
            switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                default ->
                    out.appendCodePoint(c < ' ' && c != '\n' && c != '\t' || c == 0xFFFE || c == 0xFFFF ? 0xFFFD : c);
            }
        });
        return out.toString();
    }
}
