package io.blobstore.bench;

import io.blobstore.bench.Alternative.Commands;
import io.blobstore.bench.Alternative.InJvm;
import io.blobstore.bench.ComparisonResult.Figure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What the benchmark of split streams measures. */
enum SplitRow implements BenchRow {
    PRESENT_BIG("Split 4 files of 256 MiB, all present", TarContent.BIG),
    IMPORT_MID("Split 10,000 files of 100 KiB", TarContent.MID),
    IMPORT_TINY("Split 100,000 files of 1 KB", TarContent.TINY),
    IMPORT_ONE("Split a file of 1 GiB", TarContent.ONE),
    PRESENT_ONE("Split a file of 1 GiB, present", TarContent.ONE),
    PROCESS_MID("Whole process: split 10,000 files of 100 KiB", TarContent.MID),
    PROCESS_BIG("Whole process: split 4 files of 256 MiB", TarContent.BIG),
    PROCESS_TINY("Whole process: split 100,000 files of 1 KB", TarContent.TINY),
    AGAIN_MID("Whole process: split 10,000 files of 100 KiB, all present", TarContent.MID),
    AGAIN_BIG("Whole process: split 4 files of 256 MiB, all present", TarContent.BIG),
    AGAIN_TINY("Whole process: split 100,000 files of 1 KB, all present", TarContent.TINY),
    MERGE_MID("Merge 10,000 files of 100 KiB", TarContent.MID),
    MERGE_BIG("Merge 4 files of 256 MiB", TarContent.BIG),
    MERGE_TINY("Merge 100,000 files of 1 KB", TarContent.TINY),
    MILLION("Split a million empty entries, heap 64 MiB", TarContent.EMPTY),
    RESEND("An image of 1 GiB again, to the S3 server", TarContent.EMPTY),
    RESEND_10G("An image of 10 GiB again, to the S3 server", TarContent.EMPTY);

    private static final int COLD_WARM_UP = 1;
    private static final String SERIAL = "SERIAL";
    private static final String PROCESS_OF_MERGE = "PROCESS";

    private final String title;
    private final TarContent content;

    SplitRow(String title, TarContent content) {
        this.title = title;
        this.content = content;
    }

    @Override
    public String title() {
        return title;
    }

    private long imageBytes() {
        return this == RESEND_10G ? 10L << 30 : 1L << 30;
    }

    @Override
    public long room() {
        return switch (this) {
            case RESEND, RESEND_10G -> imageBytes() + (1L << 30);
            default -> 6 * content.bytes();
        };
    }

    private List<Limit> limits() {
        Limit heap = Limit.most(Figure.HEAP, 64);
        return switch (this) {
            case PRESENT_BIG -> List.of(Limit.faster(Alternative.BASELINE, 1.75), heap);
            case IMPORT_MID -> List.of(Limit.faster(Alternative.BASELINE, 1.6), serial(0.05), heap);
            case IMPORT_TINY -> List.of(Limit.faster(Alternative.BASELINE, 1.4), serial(0.12));
            case PRESENT_ONE -> List.of(Limit.faster(Alternative.BASELINE, 1.7), heap);
            // The kernel lets one thread at a time write to a file, and the id is known before the file is written.
            case IMPORT_ONE -> List.of(heap);
            case PROCESS_MID -> List.of(Limit.faster(Cfsctl.NAME, 1.4));
            case PROCESS_BIG -> List.of(Limit.faster(Cfsctl.NAME, 1.5));
            case PROCESS_TINY -> List.of(Limit.faster(Cfsctl.NAME, 1.3));
            case AGAIN_MID, AGAIN_BIG, AGAIN_TINY -> List.of(Limit.faster(Cfsctl.NAME, 2));
            case MERGE_MID, MERGE_BIG, MERGE_TINY -> List.of(Limit.faster(Cfsctl.NAME, 0.5));
            case MILLION -> List.of(Limit.most(Figure.MEMORY, 200));
            case RESEND, RESEND_10G -> List.of();
        };
    }

    private static Limit serial(double most) {
        return new Limit(Figure.TIME, SERIAL, Alternative.BASELINE, false, most);
    }

    private List<Alternative> alternatives(Path tar) {
        String file = "'" + tar + "'";
        String ours = "'" + tar.resolveSibling("ours") + "'";
        String peers = "'" + tar.resolveSibling("peers") + "'";
        String merged = "'" + tar.resolveSibling("merged") + "'";
        return switch (this) {
            case PRESENT_BIG, PRESENT_ONE ->
                List.of(Alternative.subject(SplitWorkload.PRESENT_2), Alternative.baseline(SplitWorkload.PRESENT_1));
            case IMPORT_MID, IMPORT_TINY ->
                List.of(
                        Alternative.subject(SplitWorkload.IMPORT_2),
                        Alternative.baseline(SplitWorkload.IMPORT_1),
                        Alternative.inJvm(SERIAL, SplitWorkload.SERIAL));
            case IMPORT_ONE ->
                List.of(Alternative.subject(SplitWorkload.IMPORT_2), Alternative.baseline(SplitWorkload.IMPORT_1));
            case PROCESS_MID, PROCESS_BIG, PROCESS_TINY ->
                List.of(
                        new Alternative(
                                Alternative.SUBJECT,
                                "blobstore split",
                                new Commands(":", SplitCommands.create(ours), SplitCommands.split(ours, file))),
                        Cfsctl.alternative(
                                "cfsctl oci import-layer", ":", Cfsctl.create(peers), Cfsctl.split(peers, file)));
            case AGAIN_MID, AGAIN_BIG, AGAIN_TINY ->
                List.of(
                        new Alternative(
                                Alternative.SUBJECT,
                                "blobstore split",
                                new Commands(
                                        SplitCommands.create(ours) + " && " + SplitCommands.split(ours, file),
                                        ":",
                                        SplitCommands.split(ours, file))),
                        Cfsctl.alternative(
                                "cfsctl oci import-layer",
                                Cfsctl.create(peers) + " && " + Cfsctl.split(peers, file),
                                ":",
                                Cfsctl.split(peers, file)));
            case MERGE_MID, MERGE_BIG, MERGE_TINY ->
                List.of(
                        Alternative.subject(SplitWorkload.MERGE),
                        new Alternative(
                                PROCESS_OF_MERGE,
                                "blobstore merge, whole process",
                                new Commands(
                                        SplitCommands.create(ours) + " && " + SplitCommands.split(ours, file),
                                        "rm -f " + merged,
                                        SplitCommands.merge(ours, merged))),
                        Cfsctl.alternative(
                                "cfsctl cat",
                                Cfsctl.create(peers) + " && " + Cfsctl.split(peers, file),
                                "rm -f " + merged,
                                Cfsctl.merge(peers, merged)),
                        new Alternative(
                                "cat",
                                "cat of the archive",
                                new Commands(":", "rm -f " + merged, "cat " + file + " >" + merged)));
            case MILLION ->
                List.of(
                        new Alternative(
                                Alternative.SUBJECT,
                                SplitWorkload.IMPORT_2.title(),
                                new InJvm(SplitWorkload.IMPORT_2, List.of("-Xmx64m"), true)),
                        Cfsctl.alternative(
                                "cfsctl oci import-layer", ":", Cfsctl.create(peers), Cfsctl.split(peers, file)));
            case RESEND, RESEND_10G -> List.of();
        };
    }

    /** Returns whether a round needs no warm-up, as each one is a new process, or only its memory counts. */
    private boolean isCold() {
        return this == MILLION || name().startsWith("PROCESS") || name().startsWith("AGAIN");
    }

    @Override
    public Result measure(Setting setting) throws IOException, InterruptedException {
        if (this == RESEND_10G) {
            return ResendTable.one(setting, title, imageBytes());
        }
        if (this == RESEND) {
            return ResendTable.all(setting, title, imageBytes());
        }
        Setting own = isCold()
                ? new Setting(
                        setting.workspace(),
                        Math.min(setting.warmUp(), COLD_WARM_UP),
                        setting.rounds(),
                        setting.scale())
                : setting;
        Path tar = content.create(own);
        List<ClientResult> clients = new ArrayList<>(new RowComparison(own, tar, 0, "").run(alternatives(tar)));
        double mib = Files.size(tar) / (double) (1 << 20);
        return Result.of(new ComparisonResult(title, own.toString(), 0, mib, clients), Figure.TIME, limits());
    }
}
