package io.blobstore.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.bench.ReadPlan.Read;
import io.blobstore.contract.Campaign;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import picocli.CommandLine;

class ReaderBenchTest {
    private static final long MIB = 1 << 20;

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource(ReaderRow.class)
    void readsAreInsideTheBlob(ReaderRow row) throws Exception {
        for (long size : List.of(32 * MIB, 256 * MIB)) {
            ReadPlan plan = row.plan(size);
            assertThat(plan.readers())
                    .allSatisfy(reads -> assertThat(reads)
                            .isNotEmpty()
                            .allMatch(read -> read.length() > 0
                                    && (read.isTail()
                                            ? -read.offset() == read.length()
                                            : read.offset() + read.length() <= size)));
            assertThat(plan.bytes()).isPositive();

            Path file = directory.resolve(row + "-" + size);
            plan.write(file);
            assertThat(ReadPlan.read(file)).isEqualTo(plan);
        }
    }

    @Test
    void theReadersOfAPlanCoverTheBlob() {
        assertThat(ReaderRow.EIGHT_READERS.plan(256 * MIB).readers()).hasSize(8);
        for (ReaderRow row : List.of(ReaderRow.SEQUENTIAL, ReaderRow.EIGHT_READERS, ReaderRow.WHOLE)) {
            assertThat(row.plan(256 * MIB).bytes()).isEqualTo(256 * MIB);
        }
        assertThat(ReaderRow.WHOLE.plan(64 * MIB).readers()).containsExactly(List.of(new Read(0, 64 << 20)));
    }

    @Test
    void theServerCountsWhatItSendsOfARange() throws Exception {
        try (DiscardServer server = DiscardServer.start(Optional.empty(), 2 * MIB, Conditions.NONE)) {
            assertThat(get(server, "bytes=-100")).hasSize(100);
            assertThat(get(server, "bytes=10-109")).hasSize(100);
            assertThat(get(server, "bytes=2097052-")).hasSize(100);
            assertThat(server.sent()).isEqualTo(300);
        }
    }

    private static byte[] get(DiscardServer server, String range) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/bench/key"))
                .header("Range", range)
                .build();
        HttpResponse<byte[]> response =
                HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofByteArray());
        assertThat(response.statusCode()).isEqualTo(206);
        return response.body();
    }

    @Test
    @Campaign(representedBy = ReaderBenchTest.class)
    void clientsAreMeasuredSideBySide() {
        StringWriter output = new StringWriter();
        CommandLine command = new CommandLine(new ReaderBench())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setOut(new PrintWriter(output));
        int code = command.execute(
                "--only=random,whole",
                "--scale=0.125",
                "--rounds=1",
                "--warm-up=0",
                "--dir=" + directory,
                "--to=" + directory);
        assertThat(code).as(output.toString()).isIn(0, 1);
        for (ReaderRow row : List.of(ReaderRow.RANDOM, ReaderRow.WHOLE)) {
            assertThat(output.toString()).containsPattern(Pattern.quote(row.title()) + " +\\| [0-9.]+");
        }
        assertThat(output.toString().lines().filter(line -> line.contains("not measured")))
                .allMatch(line -> line.contains("it needs Python 3"));
        assertThat(directory.resolve("reader.md")).content().contains("## Overview");
    }
}
