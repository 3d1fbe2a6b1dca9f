package io.blobstore.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobTarget;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConnectionRateTest {
    private static final int K = 1 << 10;
    private static final int M = 1 << 20;
    /** The size of a part when nothing is known. */
    private static final int WHOLE = 8 * M;

    private long now;
    private final ConnectionRate.OfStore ofStore = new ConnectionRate.OfStore();
    private final ConnectionRate rate = new ConnectionRate(() -> now, ofStore);

    private void request(int bytes, double latencyMillis, double mibPerSecond) throws IOException {
        try (ConnectionRate.Request request = rate.begin()) {
            BlobTarget.Window window = request.measured(BlobTarget.Window.of(ByteBuffer.allocate(bytes)));
            now += (long) (latencyMillis * 1e6);
            ByteBuffer memory = window.buffer();
            now += (long) (bytes / (mibPerSecond * M) * 1e9);
            memory.position(memory.limit());
            assertThat(window.remaining()).isZero();
            request.succeeded(bytes);
        }
    }

    private void requests(int count, int bytes, double latencyMillis, double mibPerSecond) throws IOException {
        for (int i = 0; i < count; i++) {
            request(bytes, latencyMillis, mibPerSecond);
        }
    }

    @ParameterizedTest(name = "{0} KiB, {1} ms, {2} MiB/s, {3} requests: parts of {4} KiB")
    @CsvSource({
        "1024, 20, 50, 8, 128", // 20 + 20 ms: the case for which this exists
        "1024, 20, 50, 4, 256",
        "8192, 20, 50, 8, 1024",
        "256, 20, 50, 8, 8192", // a transfer of 5 ms is little beside 20 ms
        "1024, 0.5, 50, 8, 8192", // near
        "1024, 20, 400, 8, 8192", // a fast connection
        "1024, 100, 50, 8, 8192", // the latency dominates
        "8192, 100, 50, 8, 1024",
        "1024, 20, 50, 1, 8192"
    })
    void readsAreSplitIfTheConnectionIsSlow(int length, double latency, double mibs, int concurrency, int part)
            throws IOException {
        requests(3, M, latency, mibs);
        assertThat(rate.partSize(length * K, concurrency, WHOLE)).isEqualTo(part * K);
    }

    @Test
    void nothingIsSplitBeforeThreeMeasurements() throws IOException {
        requests(2, M, 20, 50);
        assertThat(rate.partSize(M, 8, WHOLE)).isEqualTo(WHOLE);
        request(K, 20, 50); // too small to tell
        assertThat(rate.partSize(M, 8, WHOLE)).isEqualTo(WHOLE);
        request(M, 20, 50);
        assertThat(rate.partSize(M, 8, WHOLE)).isEqualTo(128 * K);
    }

    @Test
    void oneFastMeasurementOfThreeCounts() throws IOException {
        requests(2, M, 20, 5);
        request(M, 0.1, 1000);
        assertThat(rate.partSize(M, 8, WHOLE)).isEqualTo(WHOLE);
    }

    @Test
    void requestsAtTheSameTimeAreNotMeasuredAndTakeConnections() throws IOException {
        ConnectionRate.Request other = rate.begin();
        requests(5, M, 20, 50);
        other.close();
        assertThat(rate.partSize(M, 8, WHOLE)).as("nothing is known").isEqualTo(WHOLE);
        requests(3, M, 20, 50);
        try (ConnectionRate.Request one = rate.begin();
                ConnectionRate.Request two = rate.begin()) {
            assertThat(one).isNotSameAs(two);
            assertThat(rate.partSize(M, 4, WHOLE)).isEqualTo(512 * K);
            assertThat(rate.partSize(M, 3, WHOLE)).isEqualTo(WHOLE);
        }
    }

    @Test
    void ifItDoesNotHelpItIsTriedAgainLaterAndLater() throws IOException {
        requests(3, M, 20, 50);
        for (int pause = 16; pause <= 4096; pause *= 2) {
            for (int i = 0; i < 2; i++) {
                assertThat(rate.partSize(M, 8, WHOLE)).isEqualTo(128 * K);
                rate.split(M, Duration.ofMillis(39).toNanos());
            }
            for (int i = 0; i < Math.min(1024, pause); i++) {
                assertThat(rate.partSize(M, 8, WHOLE)).isEqualTo(WHOLE);
            }
        }
        rate.split(M, Duration.ofMillis(39).toNanos());
        rate.split(M, Duration.ofMillis(25).toNanos());
        rate.split(M, Duration.ofMillis(39).toNanos());
        assertThat(rate.partSize(M, 8, WHOLE)).as("not one after the other").isEqualTo(128 * K);
    }

    @Test
    void theLastThreeCount() throws IOException {
        requests(3, M, 300, 50); // a process that has just been started
        assertThat(rate.partSize(M, 8, WHOLE)).isEqualTo(WHOLE);
        requests(3, M, 20, 50);
        assertThat(rate.partSize(M, 8, WHOLE)).isEqualTo(128 * K);
        requests(3, M, 20, 400);
        assertThat(rate.partSize(M, 8, WHOLE)).isEqualTo(WHOLE);
    }

    @Test
    void aThreadThatFindsAllBytesAtOnceMeasuresTheTimeTheyTook() throws IOException {
        request(M, 20, 50);
        requests(5, M, 40, 100_000);
        request(M, 20, 50);
        assertThat(rate.partSize(M, 8, WHOLE)).isEqualTo(128 * K);
    }

    @Test
    void whileOtherReadersHaveManyRequestsInFlightFewPartsAreMade() throws IOException {
        requests(3, M, 20, 50);
        ConnectionRate other = new ConnectionRate(() -> now, ofStore);
        List<ConnectionRate.Request> others = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            assertThat(rate.partSize(M, 8, WHOLE)).isEqualTo(128 * K);
            others.add(other.begin());
        }
        for (int i = 0; i < 4; i++) {
            others.add(other.begin());
        }
        assertThat(rate.partSize(M, 8, WHOLE)).isEqualTo(256 * K);
        for (int i = 0; i < 4; i++) {
            others.add(other.begin());
        }
        assertThat(rate.partSize(M, 8, WHOLE)).isEqualTo(WHOLE);
        others.forEach(ConnectionRate.Request::close);
        assertThat(rate.partSize(M, 8, WHOLE)).isEqualTo(128 * K);
    }

    @Test
    void aNewReaderUsesTheMeasurementsOfTheLastMinute() throws IOException {
        requests(2, M, 20, 50);
        assertThat(new ConnectionRate(() -> now, ofStore).partSize(M, 8, WHOLE)).isEqualTo(WHOLE);
        request(M, 20, 50);
        now += Duration.ofSeconds(59).toNanos();
        assertThat(new ConnectionRate(() -> now, ofStore).partSize(M, 8, WHOLE)).isEqualTo(128 * K);
        now += Duration.ofSeconds(1).toNanos();
        assertThat(new ConnectionRate(() -> now, ofStore).partSize(M, 8, WHOLE)).isEqualTo(WHOLE);
    }

    @Test
    void itIsMeasuredAnewNowAndThen() throws IOException {
        requests(3, M, 20, 50);
        for (int i = 0; i < 64; i++) {
            assertThat(rate.partSize(M, 8, WHOLE)).isEqualTo(128 * K);
            rate.split(M, Duration.ofMillis(25).toNanos());
        }
        assertThat(rate.partSize(M, 8, WHOLE)).isEqualTo(WHOLE);
        requests(3, M, 20, 500);
        assertThat(rate.partSize(M, 8, WHOLE)).isEqualTo(WHOLE);
    }
}
