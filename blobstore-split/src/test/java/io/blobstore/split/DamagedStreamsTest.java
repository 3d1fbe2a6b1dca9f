package io.blobstore.split;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.LeakCheck;
import io.blobstore.split.MergedContent.MissingObjectException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Reads the odd and the damaged streams: the first ones merge, the others are refused with little memory. */
@ExtendWith(LeakCheck.class)
class DamagedStreamsTest {
    private static final int STREAMS = 63;
    private static final int GIB = 1 << 30;

    /** Whole, beside those whose names begin with "ok-": of names that occur twice, the last one counts. */
    private static final Set<String> WHOLE = Set.of("named-twice", "missing-named-stream", "missing-unused-object");

    /** Whole or not, this version does not read them. */
    private static final Set<String> UNSUPPORTED =
            Set.of("algorithm-0", "algorithm-2", "blocksize-16", "version-1", "named-bomb");

    private static final String MISSING_OBJECT = "missing-object";
    private static final String BOMB = "bomb";

    @TempDir
    Path temporary;

    private static Map<ObjectId, ByteBuffer> objects() {
        Map<ObjectId, ByteBuffer> objects = new HashMap<>();
        Vectors.names("bad-streams/objects", "")
                .forEach(id ->
                        objects.put(ObjectId.parse(ObjectHash.SHA_256, id), Vectors.read("bad-streams/objects/" + id)));
        return objects;
    }

    private static ByteBuffer stream(String name) {
        return Vectors.read("bad-streams/" + name + ".stream");
    }

    private static boolean merges(String name) {
        return name.startsWith("ok-") || WHOLE.contains(name);
    }

    @Test
    void allVectorsAreHere() {
        List<String> names = Vectors.names("bad-streams", ".stream").toList();
        assertThat(names).hasSize(STREAMS).containsAll(WHOLE).containsAll(UNSUPPORTED);
        assertThat(names.stream().filter(DamagedStreamsTest::merges)).hasSize(17);
    }

    @TestFactory
    Stream<DynamicTest> wholeStreamsMergeHoweverOddTheyAre() {
        return Vectors.names("bad-streams", ".stream")
                .filter(DamagedStreamsTest::merges)
                .map(name -> DynamicTest.dynamicTest(name, () -> {
                    ByteBuffer expected =
                            name.equals("ok-empty") ? ByteBuffer.allocate(0) : Vectors.read("bad-streams/merged");
                    ByteBuffer merged =
                            MergedContent.merge(stream(name), ObjectHash.SHA_256, objects(), expected.remaining());
                    assertThat(merged).isEqualTo(expected);
                }));
    }

    @TestFactory
    Stream<DynamicTest> damagedStreamsAreRefusedWithATypedException() {
        return Vectors.names("bad-streams", ".stream")
                .filter(name -> !merges(name) && !name.equals(BOMB))
                .map(name -> DynamicTest.dynamicTest(name, () -> {
                    Class<? extends IOException> expected = name.equals(MISSING_OBJECT)
                            ? MissingObjectException.class
                            : UNSUPPORTED.contains(name)
                                    ? UnsupportedSplitStreamException.class
                                    : SplitStreamException.class;
                    assertThatThrownBy(() -> MergedContent.merge(stream(name), ObjectHash.SHA_256, objects(), b -> {}))
                            .isInstanceOf(expected)
                            .hasMessageContaining(name.equals(MISSING_OBJECT) ? "object" : "under test");
                }));
    }

    @Test
    void aStreamOfAnotherHashFunctionIsUnsupported() {
        assertThatThrownBy(() -> MergedContent.merge(
                        Vectors.read("streams-sha512/mixed.stream"), ObjectHash.SHA_256, Map.of(), b -> {}))
                .isInstanceOf(UnsupportedSplitStreamException.class)
                .hasMessageContaining("sha512, and not of sha256");
    }

    /** Runs in a JVM whose heap and direct memory would not hold what the streams claim to need. */
    @Test
    void noStreamNeedsMoreMemoryOrTimeThanALittle() throws Exception {
        ChildJvm.Exit exit = ChildJvm.of(Bounded.class, temporary)
                .with("-Xmx64m", "-XX:MaxDirectMemorySize=8m")
                .run(Duration.ofSeconds(60));
        assertThat(exit.output()).endsWith("streams: " + STREAMS);
        assertThat(exit.code()).isZero();
    }

    /** Merges all streams, and fails if one of them takes long or more memory than there is. */
    static final class Bounded {
        private static final Duration LIMIT = Duration.ofSeconds(5);

        private Bounded() {}

        public static void main(String[] args) {
            List<String> names = Vectors.names("bad-streams", ".stream").toList();
            for (String name : names) {
                long start = cpuTime();
                AtomicLong merged = new AtomicLong();
                try {
                    MergedContent.merge(
                            stream(name), ObjectHash.SHA_256, objects(), bytes -> merged.addAndGet(bytes.remaining()));
                    if (!merges(name) && !(name.equals(BOMB) && merged.get() == GIB)) {
                        throw new AssertionError(name + " was merged to " + merged.get() + " bytes");
                    }
                } catch (IOException e) {
                    if (merges(name) || name.equals(BOMB)) {
                        throw new AssertionError(name, e);
                    }
                }
                Duration taken = Duration.ofNanos(cpuTime() - start);
                if (taken.compareTo(LIMIT) > 0) {
                    throw new AssertionError(name + " took " + taken);
                }
            }
            System.out.println("streams: " + names.size());
        }

        /** Returns the time that this thread has worked, which other programs do not prolong. */
        private static long cpuTime() {
            return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        }
    }
}
