package io.blobstore.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.StringReader;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

class BenchmarkReportTest {
    private static final Map<String, String> TITLES = Map.of(
            "BLOBSTORE", "blobstore",
            "HAND_ROLLED", "loop",
            "NETTY_ASYNC", "Netty <async> | \"sliced\"",
            "CRT_ASYNC", "CRT");

    @TempDir
    Path directory;

    private List<Limit> limits = List.of(
            new Limit("CPU | upload", "1.13", "1.25", Limit.Verdict.PASS),
            new Limit("Heap < 8 MiB", "no HTTPS", "8", Limit.Verdict.OPEN));
    private Path results;
    private Path target;

    @BeforeEach
    void copyResults() throws IOException, URISyntaxException {
        results = directory.resolve("results");
        target = directory.resolve("a/report");
        Path resources =
                Path.of(BenchmarkReportTest.class.getResource("/report").toURI());
        try (Stream<Path> files = Files.walk(resources)) {
            for (Path file : files.toList()) {
                Files.copy(file, results.resolve(resources.relativize(file).toString()));
            }
        }
    }

    @Test
    void clientsAreSortedByCpuWithMediansSpreadsAndRatios() throws IOException {
        assertThat(section(markdown(), "### HTTP, S3, 1024 MiB, parts of 8 MiB, 4 at once"))
                .containsSubsequence(
                        "| loop | 1280 | 0.200 (0.200–0.210) | 1.00 | 11.0 | 0 | – | 1.00 | 1.25 (1.20–1.43) |",
                        "| **blobstore** | **2048 (1600–2560)** | **0.250 (0.240–0.300)** | **4.50** | **14.0** | **0** |"
                                + " **2.50** | **1.25 (1.20–1.43)** | **1.00** |",
                        "| 2.50 (2.38–2.50) | 0.50 (0.48–0.60) |",
                        "| CRT\\_TRANSFER\\_MANAGER | 512 (256–1024) | 0.800 (0.700–0.900) | 310 | 25.5 | 2 | – |"
                                + " 4.00 (3.50–4.29) | 0.33 (0.31–0.34) |",
                        "By CPU, 6 of 6 pairs of clients are in this order in each of the 3 rounds.");
    }

    @Test
    void clientsOfCloudStorageHaveThisLibraryForCloudStorageBesideThem() throws IOException {
        assertThat(section(markdown(), "### HTTP, Cloud Storage, 1024 MiB, parts of 8 MiB, 4 at once"))
                .contains(
                        "| **GCS\\_BLOBSTORE** |", "| **1.20 (1.14–1.20)** | **1.00** |", "| 3.00 (2.86–3.00) | 0.40 |")
                .doesNotContain("loop");
    }

    @Test
    void whatWasNotMeasuredIsADash() throws IOException {
        assertThat(markdown())
                .contains("| 3200 (2560–4096) | 0.500 | – | 21.0 | – | – | 2.50 (2.38–2.50) | 0.50 (0.48–0.60) |");
    }

    @Test
    void aClientThatCouldNotRunIsARowWithTheReason() throws IOException {
        String markdown = markdown();
        assertThat(section(markdown, "### HTTP, S3, 1024 MiB"))
                .contains(
                        "| CRT | did not run: no library for &lt;this&gt; \\| system, sorry | – | – | – | – | – | – | – |");
        assertThat(section(markdown, "### put, HTTP, S3, 4 KiB"))
                .contains("| URL\\_CONNECTION\\_SYNC | did not run: hangs | – | – | – | – |");
    }

    @Test
    void aBenchmarkThatNobodyCouldRunIsThereToo() throws IOException {
        Files.writeString(
                results.resolve("failures.csv"), "DownloadBenchmark.intoFile,BLOBSTORE,HTTPS,no certificate\n");
        assertThat(section(markdown(), "## Download into a file")).contains("### HTTPS, S3", "no certificate");
    }

    @Test
    void lostComparisonsAreCollected() throws IOException {
        String losses = section(markdown(), "## Where others are better");
        assertThat(losses)
                .contains(
                        " | loop | CPU, s/GiB | no | 0.250 (0.240–0.300) | 0.200 (0.200–0.210) | 1.25 (1.20–1.43) |",
                        " | Throughput, MiB/s | yes | 2048 (1600–2560) | 3200 (2560–4096) | 1.56 (1.00–2.56) |",
                        " | loop | operations/s | yes | 2500 (2000–3000) | 2600 | 1.04 (0.87–1.30) |",
                        " | loop | CPU, µs/operation | no | 305 (300–310) | 122 | 2.50 (2.46–2.54) |",
                        " | APACHE\\_SYNC | p99, ms | – | 0.400 | 0.350 | 1.14 |");
        assertThat(losses.lines().filter(line -> line.startsWith("|"))).hasSize(2 + 5);
    }

    @Test
    void withoutLossesTheReportSaysSo() throws IOException {
        for (String file : List.of("upload.json", "small.json")) {
            Files.delete(results.resolve(file));
        }
        assertThat(section(markdown(), "## Where others are better")).contains("In none of the comparisons");
    }

    @Test
    void smallObjectsHaveOperationsPercentilesOfAllSamplesAndCost() throws IOException {
        assertThat(section(markdown(), "### put, HTTP, S3, 4 KiB"))
                .contains(
                        "| loop | 2600 | 0.090 | – | 0.400 | – | 122 | 1.00 | 1.00 | 2.50 (2.46–2.54) |",
                        "| **blobstore** | **2500 (2000–3000)** | **0.100** | **0.200** | **0.400** | **0.900** | **305** |"
                                + " **4.00** | **2.50 (2.46–2.54)** | **1.00** |",
                        "| APACHE\\_SYNC | 1000 | 0.200 | 0.300 | 0.350 | – | 610 | 100 | 5.00 | 0.50 (0.49–0.51) |",
                        "By operations per second, 2 of 3 pairs of clients are in this order in each of the 3 rounds; not in each:"
                                + " loop and blobstore.");
    }

    @Test
    void scalingIsShownOverWhatVaries() throws IOException {
        String scaling = section(markdown(), "## Scaling");
        assertThat(scaling)
                .contains("### Size: HTTP, S3, parts of 8 MiB, 4 at once", "| **64** | **blobstore** | **2000** |")
                .contains(
                        "### Parts at once: HTTP, S3, 1024 MiB, parts of 8 MiB", "| **8** | **blobstore** | **1000** |")
                .contains("](scaling-size-throughput-http-s3-parts-of-8-mib-4-at-once.svg)")
                .doesNotContain("### Size of a part");
    }

    @Test
    void otherBenchmarksKeepTheirParametersAndUnits() throws IOException {
        String markdown = markdown();
        assertThat(section(markdown, "## Mapping"))
                .contains(
                        "| Benchmark | mib | Mode | Unit | Median (all values) | gc.alloc.rate.norm, B/op | rate, MB/s |",
                        "| visit | 64 | average | ns/op | 12.0 (11.0–13.0) | 0 | – |",
                        "| visit | 64 | samples | ns/op | 10.0 (10.0–90.0) | – | – |");
        assertThat(section(markdown, "## The local store"))
                .contains("| list | 1000 | average | ms/op | 6.00 (5.00–7.00) |");
    }

    @Test
    void memoryIsDrawnOverTime() throws IOException {
        assertThat(section(markdown(), "## Memory over time"))
                .contains("](memory-over-time-upload-http-s3.svg)", "| **blobstore** | **14.0** | **14.0** |")
                .contains("| 30.0 | 21.0 |");
    }

    @Test
    void memoryOfScalingIsNotDrawn() throws IOException {
        Files.writeString(results.resolve("memory/ScalingBenchmark.upload-BLOBSTORE-HTTP.csv"), "0.5,3\n");
        assertThat(section(markdown(), "## Memory over time")).doesNotContain("scaling");
    }

    @Test
    void conditionsAndBarsAreThere() throws IOException {
        assertThat(markdown())
                .contains(
                        "Measured on 2026-11-21.",
                        "| machine | 2 cores, memory 8 GiB |",
                        "|  | a line without a name |")
                .contains("| command line | ./benchmark --only 'Upload\\|Small' &lt;all&gt; |")
                .contains(
                        "| PASS | CPU \\| upload | 1.13 | 1.25 |",
                        "| **OPEN** | **Heap &lt; 8 MiB** | **no HTTPS** | **8** |");
    }

    @Test
    void aBarThatWasNotKeptLeadsToItsProfile() throws IOException {
        limits = List.of(new Limit("Heap", "9", "8", Limit.Verdict.FAIL));
        assertThat(markdown()).doesNotContain("profiles.md");
        Files.writeString(target.resolve("profiles.md"), "why");
        assertThat(markdown()).endsWith("[What the time goes into where a bar was not kept](profiles.md)\n");
        assertThat(Files.readString(target.resolve("index.html"))).contains("<a href=\"profiles.md\">");
        limits = List.of(new Limit("Heap", "7", "8", Limit.Verdict.PASS));
        assertThat(markdown()).doesNotContain("profiles.md");
    }

    @Test
    void thePageIsWellFormedAndNeedsNothingBesideIt() throws Exception {
        write();
        String html = Files.readString(target.resolve("index.html"));
        Document page = parse(html.replaceFirst("<!DOCTYPE html>\n", ""));
        assertThat(page.getElementsByTagName("svg").getLength())
                .isEqualTo((int) files(target).keySet().stream()
                        .filter(name -> name.endsWith(".svg"))
                        .count())
                .isGreaterThan(8);
        assertThat(html)
                .contains("<td>Netty &lt;async&gt; | &quot;sliced&quot;</td>")
                .doesNotContain("<script", "<link", "src=", "<!DOCTYPE svg", "<?xml")
                .doesNotContainPattern("href=\"http");
        assertThat(page.getElementsByTagName("clipPath").getLength()).isEqualTo((int)
                Stream.iterate(0, i -> i < page.getElementsByTagName("clipPath").getLength(), i -> i + 1)
                        .map(i -> page.getElementsByTagName("clipPath")
                                .item(i)
                                .getAttributes()
                                .getNamedItem("id")
                                .getNodeValue())
                        .distinct()
                        .count());
    }

    @Test
    void eachChartIsLinkedAndWellFormed() throws Exception {
        String markdown = markdown();
        for (Map.Entry<String, String> file : files(target).entrySet()) {
            if (file.getKey().endsWith(".svg")) {
                assertThat(markdown).contains("](" + file.getKey() + ")");
                assertThat(parse(file.getValue()).getDocumentElement().getAttribute("aria-label"))
                        .isNotEmpty();
            }
        }
    }

    @Test
    void theSameResultsGiveTheSameFiles() throws IOException {
        write();
        Map<String, String> first = files(target);
        target = directory.resolve("another");
        write();
        assertThat(files(target)).isEqualTo(first);
    }

    @Test
    void resultsInSeveralFilesCountAsOne() throws IOException {
        Path again = results.resolve("upload-again.json");
        Files.writeString(
                again,
                Files.readString(results.resolve("upload.json"))
                        .replace("[[0.5], [0.4], [0.64]]", "[[1.0], [1.0], [1.0]]"));
        assertThat(section(markdown(), "### HTTP, S3, 1024 MiB")).contains("| **blobstore** | **1312 (1024–2560)** |");
    }

    @Test
    void chartsOfAnEarlierReportGoAndNothingElse() throws IOException {
        write();
        Files.copy(target.resolve("cpu-upload-http-s3.svg"), target.resolve("cpu-of-another-day.svg"));
        Files.writeString(target.resolve("drawing.svg"), "<svg/>");
        Files.writeString(target.resolve("notes.txt"), "kept");
        Map<String, String> expected = files(target);
        expected.remove("cpu-of-another-day.svg");
        write();
        assertThat(files(target)).isEqualTo(expected);
    }

    @Test
    void transfersCanBeReadToJudgeThem() throws IOException {
        assertThat(Results.read(results).transfers())
                .filteredOn(transfer -> transfer.client().equals("NETTY_ASYNC"))
                .singleElement()
                .satisfies(transfer -> {
                    assertThat(transfer.group().benchmark()).isEqualTo("UploadBenchmark.upload");
                    assertThat(transfer.group().transport()).isEqualTo("HTTP");
                    assertThat(transfer.median(Figure.CPU)).hasValue(0.5);
                    assertThat(transfer.median(Figure.HEAP)).isEmpty();
                });
    }

    @Test
    void brokenResultsAreNamedAndNothingIsWritten() throws IOException {
        Path broken = results.resolve("upload.json");
        String whole = Files.readString(broken);
        for (String content : List.of("", "[]", "{}", whole.substring(0, whole.length() / 2), "[{\"mode\":\"ss\"}]")) {
            Files.writeString(broken, content);
            assertThatThrownBy(this::write)
                    .isInstanceOf(IOException.class)
                    .hasMessageContainingAll(broken.toString(), "run that benchmark again");
        }
        Files.writeString(broken, whole.replace("\"transport\"", "\"transports\""));
        assertThatThrownBy(this::write)
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll(broken.toString(), "transport");
        Files.writeString(broken, whole.replace("s/op", "parsecs"));
        assertThatThrownBy(this::write)
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll(broken.toString(), "parsecs");
        assertThat(target).doesNotExist();
    }

    @Test
    void otherBrokenFilesAreNamed() throws IOException {
        Path failures = results.resolve("failures.csv");
        String whole = Files.readString(failures);
        Files.writeString(failures, "UploadBenchmark,CRT_ASYNC\n");
        assertThatThrownBy(this::write).isInstanceOf(IOException.class).hasMessageContaining(failures.toString());
        Files.writeString(failures, whole);
        Path curve = results.resolve("memory/UploadBenchmark.upload-BLOBSTORE-HTTP.csv");
        Files.writeString(curve, "0.5;3\n");
        assertThatThrownBy(this::write).isInstanceOf(IOException.class).hasMessageContaining(curve.toString());
        Files.delete(curve);
        Path environment = results.resolve("environment.txt");
        Files.delete(environment);
        assertThatThrownBy(this::write).isInstanceOf(IOException.class).hasMessageContaining(environment.toString());
    }

    @Test
    void aDirectoryWithoutResultsIsRefused() {
        results = directory.resolve("nowhere");
        assertThatThrownBy(this::write)
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll(results.toString(), "-rf json");
    }

    private void write() throws IOException {
        BenchmarkReport.write(
                Results.read(results),
                target,
                client -> TITLES.getOrDefault(client, client),
                limits,
                LocalDate.of(2026, 11, 21));
    }

    private String markdown() throws IOException {
        write();
        return Files.readString(target.resolve("README.md"));
    }

    /** From a heading that begins so to the next of its level or above. */
    private static String section(String markdown, String heading) {
        int level = heading.indexOf(' ');
        int start = markdown.indexOf("\n" + heading);
        assertThat(start).as(heading).isNotNegative();
        StringBuilder section = new StringBuilder();
        for (String line : markdown.substring(start + 1).lines().toList()) {
            if (section.length() > 0 && line.matches("#{1," + level + "} .*")) {
                break;
            }
            section.append(line).append('\n');
        }
        return section.toString();
    }

    private static Map<String, String> files(Path directory) throws IOException {
        Map<String, String> files = new TreeMap<>();
        try (Stream<Path> list = Files.list(directory)) {
            for (Path file : list.toList()) {
                files.put(file.getFileName().toString(), Files.readString(file));
            }
        }
        return files;
    }

    private static Document parse(String xml) throws Exception {
        return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(xml)));
    }
}
