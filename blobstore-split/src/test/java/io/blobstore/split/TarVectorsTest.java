package io.blobstore.split;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.github.luben.zstd.util.ZstdVersion;
import io.blobstore.BlobSource;
import io.blobstore.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Splits the archives that composefs-rs has split, and compares everything. */
class TarVectorsTest {
    /** The number of archives, of which none may be missing. */
    private static final int ARCHIVES = 37;

    private static final int BAD_ARCHIVES = 25;

    @TempDir
    Path temporary;

    private SplitContent split(ByteBuffer tar, Splitter splitter, ObjectHash hash) throws IOException {
        return SplitContent.of(BlobSource.of(tar), splitter, hash, ContentType.OCI_LAYER, temporary);
    }

    @Test
    void allVectorsAreHere() {
        assertThat(Vectors.names("tars", ".tar.zst")).hasSize(ARCHIVES);
        assertThat(Vectors.table("chunks.tsv")).hasSize(ARCHIVES);
        assertThat(Vectors.names("bad-tars", ".tar.zst")).hasSize(BAD_ARCHIVES);
    }

    @TestFactory
    Stream<DynamicTest> chunksObjectsAndMergesEqualThoseOfComposefs() {
        Map<String, String> chunks =
                Vectors.table("chunks.tsv").stream().collect(Collectors.toMap(row -> row.get(0), row -> row.get(2)));
        return Stream.of(ObjectHash.values()).flatMap(hash -> {
            Map<String, List<String>> objects = objects(hash);
            return Vectors.table("tars-" + hash.label() + ".tsv").stream()
                    .map(row -> DynamicTest.dynamicTest(
                            row.get(0) + ", " + hash.label(), () -> splits(row, hash, chunks, objects)));
        });
    }

    private void splits(
            List<String> row, ObjectHash hash, Map<String, String> chunks, Map<String, List<String>> objects)
            throws IOException {
        String name = row.get(0);
        ByteBuffer tar = Vectors.decompress("tars/" + name + ".tar.zst");
        assertThat(Sha256.of(tar).hex()).isEqualTo(row.get(2));

        SplitContent content = split(tar, Splitter.tar(), hash);

        assertThat(String.join(" ", content.chunks())).isEqualTo(chunks.get(name));
        content.objects()
                .forEach((id, object) -> assertThat(List.of(
                                id.hex(),
                                Integer.toString(object.remaining()),
                                Sha256.of(object).hex()))
                        .isEqualTo(objects.get(id.hex())));
        assertThat(MergedContent.merge(content.stream(), hash, content.objects(), tar.remaining()))
                .isEqualTo(tar);
        assertThat(MergedContent.merge(
                        Vectors.read("streams-" + hash.label() + "/" + name + ".stream"),
                        hash,
                        content.objects(),
                        tar.remaining()))
                .isEqualTo(tar);
    }

    private static Map<String, List<String>> objects(ObjectHash hash) {
        return Vectors.table("objects-" + hash.label() + ".tsv").stream()
                .collect(Collectors.toMap(row -> row.get(0), row -> row, (a, b) -> a, HashMap::new));
    }

    /** Depends on the version of zstd, whose compressed bytes are hashed. */
    @ParameterizedTest
    @EnumSource
    void streamsHaveTheSameIdsAsThoseOfComposefs(ObjectHash hash) throws IOException {
        assumeTrue(ZstdVersion.VERSION.startsWith("1.5.7"), () -> "another libzstd: " + ZstdVersion.VERSION);
        List<List<String>> table = Vectors.table("tars-" + hash.label() + ".tsv");
        assertThat(table).hasSize(ARCHIVES);
        for (List<String> row : table) {
            SplitContent content = split(Vectors.decompress("tars/" + row.get(0) + ".tar.zst"), Splitter.tar(), hash);
            assertThat(content.id().hex()).as(row.get(0)).isEqualTo(row.get(3));
        }
    }

    @TestFactory
    Stream<DynamicTest> badArchivesAreRefusedWithOffsetAndEntry() {
        return Vectors.table("bad-tars.tsv").stream()
                .map(row -> DynamicTest.dynamicTest(row.get(0), () -> {
                    ByteBuffer tar = Vectors.decompress("bad-tars/" + row.get(0) + ".tar.zst");
                    TarFormatException refused = catchThrowableOfType(
                            TarFormatException.class, () -> split(tar, Splitter.tar(), ObjectHash.SHA_256));
                    assertThat(refused).isNotNull();
                    assertThat(refused.offset()).isEqualTo(Long.parseLong(row.get(3)));
                    assertThat(refused.entry().orElse("-")).startsWith(row.get(4));
                    assertThat(refused)
                            .hasMessageContaining("at byte " + refused.offset())
                            .hasMessageContaining(refused.entry().orElse(""));
                }));
    }

    @TestFactory
    Stream<DynamicTest> lenientSplittersKeepTheRestOfBadArchivesInline() {
        return Vectors.names("bad-tars", ".tar.zst")
                .map(name -> DynamicTest.dynamicTest(name, () -> {
                    ByteBuffer tar = Vectors.decompress("bad-tars/" + name + ".tar.zst");
                    SplitContent content = split(tar, Splitter.lenientTar(64), ObjectHash.SHA_256);
                    assertThat(MergedContent.merge(
                                    content.stream(), ObjectHash.SHA_256, content.objects(), tar.remaining()))
                            .isEqualTo(tar);
                }));
    }
}
