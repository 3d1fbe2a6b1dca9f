package io.blobstore.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobSource;
import io.blobstore.Sha256;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.Digest;
import io.netty.util.ResourceLeakDetector;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** A cache with a server on a free port of the loopback address, and contents. */
final class ServerFixture implements Closeable {
    static final int KIB = 1 << 10;
    static final int MIB = 1 << 20;
    static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final byte[] MESSAGE = " INFO cache entry was stored.\n".getBytes(StandardCharsets.US_ASCII);

    static {
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
    }

    final ContentCache cache;
    final CacheServer server;

    private ServerFixture(ContentCache cache, CacheServer server) {
        this.cache = cache;
        this.server = server;
    }

    static ServerFixture start(Path directory) throws IOException {
        return start(directory, CacheOptions.ofMaxBytes(1L << 30), UnaryOperator.identity());
    }

    static ServerFixture start(Path directory, UnaryOperator<CacheServer.Builder> settings) throws IOException {
        return start(directory, CacheOptions.ofMaxBytes(1L << 30), settings);
    }

    static ServerFixture start(Path directory, CacheOptions options, UnaryOperator<CacheServer.Builder> settings)
            throws IOException {
        ContentCache cache = ContentCache.open(directory, options);
        await(() -> !cache.stats().loading());
        try {
            CacheServer.Builder builder =
                    CacheServer.builder(cache).http(HttpOptions.builder().build());
            return new ServerFixture(cache, settings.apply(builder).start());
        } catch (IOException | RuntimeException | Error e) {
            cache.close();
            throw e;
        }
    }

    InetSocketAddress address() {
        return server.httpAddress();
    }

    int port() {
        return address().getPort();
    }

    RawClient connect() throws IOException {
        return new RawClient(address());
    }

    /** Closes both, and requires that nothing is left: buffers, leases, reserved room, unfinished files. */
    @Override
    public void close() throws IOException {
        server.close(Duration.ZERO);
        assertThat(server.activeBuffers()).as("buffers in use").isZero();
        assertThat(cache.stats().reservedBytes()).as("reserved").isZero();
        await(() -> temporaries().isEmpty()); // also of the journal
        cache.evictTo(0);
        assertThat(cache.stats().entries()).as("entries under a lease").isZero();
        cache.close();
    }

    /** Returns the unfinished files. */
    List<Path> temporaries() {
        Path sessions = cache.stateDirectory().resolve("tmp");
        try (Stream<Path> all = Files.walk(sessions)) {
            return all.filter(file -> !Files.isDirectory(file))
                    .filter(file -> !file.toString().endsWith(".lock"))
                    .toList();
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException | UncheckedIOException e) {
            return List.of(sessions); // one vanished meanwhile
        }
    }

    static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(deadline);
            Thread.yield();
        }
    }

    /** Content, and its digest. */
    record Content(byte[] bytes, Digest digest) {
        static Content of(byte[] bytes) {
            return new Content(bytes, new Digest(Sha256.of(ByteBuffer.wrap(bytes)), bytes.length));
        }

        String hash() {
            return digest.sha256().hex();
        }

        String path() {
            return "/cas/" + hash();
        }

        BlobSource source() {
            return BlobSource.of(ByteBuffer.wrap(bytes));
        }
    }

    /** Returns lines of a log, which compress to about a third. */
    static Content text(int seed, int size) {
        SplittableRandom random = new SplittableRandom(seed);
        ByteBuffer text = ByteBuffer.allocate(size + 32 + MESSAGE.length);
        while (text.position() < size) {
            for (int i = 0; i < 2; i++) {
                text.put(HexFormat.of().toHexDigits(random.nextLong()).getBytes(StandardCharsets.US_ASCII));
            }
            text.put(MESSAGE);
        }
        return Content.of(Arrays.copyOf(text.array(), size));
    }

    /** Returns content that does not compress. */
    static Content random(int seed, int size) {
        byte[] bytes = new byte[size];
        new SplittableRandom(seed).nextBytes(bytes);
        return Content.of(bytes);
    }
}
