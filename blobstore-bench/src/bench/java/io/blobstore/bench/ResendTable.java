package io.blobstore.bench;

import io.blobstore.bench.MemoryImage.Change;
import io.blobstore.bench.Resends.Cut;
import io.blobstore.bench.Resends.Sent;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Measures what is sent again of an image of which a part has changed, by the size of blocks. */
final class ResendTable {
    /** The part of the pages that change. */
    static final double SHARE = 0.05;

    private static final double MOST_OF_PAGES = 6;
    private static final double MOST_OF_INSERTED = 2;
    private static final long INSERTED_SIZE = 256L << 20;

    private ResendTable() {}

    /** Measures one size of blocks. */
    static BenchRow.Result one(BenchRow.Setting setting, String title, long size)
            throws IOException, InterruptedException {
        MemoryImage image = image(setting, size);
        List<Sent> sent = Resends.changedPages(image, Cut.KIB_64, SHARE, Change.CLUSTERED);
        return result(title, sent, List.of(verdict(title, sent.get(1), MOST_OF_PAGES)));
    }

    /** Measures all ways to cut, and an inserted byte. */
    static BenchRow.Result all(BenchRow.Setting setting, String title, long size)
            throws IOException, InterruptedException {
        List<Sent> sent = new ArrayList<>();
        List<Verdict> verdicts = new ArrayList<>();
        MemoryImage image = image(setting, size);
        for (Cut cut : Cut.values()) {
            List<Sent> changed = Resends.changedPages(image, cut, SHARE, Change.values());
            sent.addAll(changed.subList(1, changed.size()));
            if (cut == Cut.KIB_64) {
                verdicts.add(verdict(title, changed.get(1), MOST_OF_PAGES));
            }
        }
        MemoryImage inserted = image(setting, Math.min(size, INSERTED_SIZE));
        for (Cut cut : List.of(Cut.KIB_64, Cut.CONTENT_DEFINED)) {
            sent.add(Resends.insertedByte(inserted.file(), cut));
        }
        verdicts.add(verdict(title, sent.get(sent.size() - 1), MOST_OF_INSERTED));
        return result(title, sent, verdicts);
    }

    private static MemoryImage image(BenchRow.Setting setting, long size) throws IOException {
        long scaled = setting.scaled(size / MemoryImage.PAGE) * MemoryImage.PAGE;
        return MemoryImage.create(setting.workspace().directory().resolve("image-" + size), scaled);
    }

    private static Verdict verdict(String title, Sent sent, double most) {
        return Verdict.atMost(
                title + ": sent of " + sent.cut() + ", " + sent.change() + ", %",
                new Series(List.of(sent.percent())),
                "",
                most,
                "%.2f");
    }

    private static BenchRow.Result result(String title, List<Sent> sent, List<Verdict> verdicts) {
        List<List<String>> rows = sent.stream()
                .map(each -> List.of(
                        each.cut(),
                        each.change(),
                        format("%.0f", each.size() / (double) (1 << 20)),
                        format("%.2f", each.percent()),
                        format("%.2f", each.percentWithHeads()),
                        Long.toString(each.received().requests()),
                        format("%.1f", each.seconds())))
                .toList();
        String table = MarkdownReport.table(
                List.of(
                        "Cut into",
                        "Change",
                        "Content, MiB",
                        "Sent, % of the content",
                        "with the heads of requests, %",
                        "Requests",
                        "Seconds"),
                rows);
        String setting =
                "Random pages of 4 KiB, 5 % of which change. Sent is the content of requests, as counted by the"
                        + " server: missing blocks, the stream, names.";
        return new BenchRow.Result(title, setting, table, List.of(), verdicts, Optional.empty());
    }

    private static String format(String format, double value) {
        return String.format(Locale.ROOT, format, value);
    }
}
