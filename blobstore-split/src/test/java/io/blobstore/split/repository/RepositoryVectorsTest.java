package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.LeakCheck;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.Vectors;
import io.blobstore.transfer.TransferManager;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Repositories that composefs-rs wrote are read, checked and collected as it does. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class RepositoryVectorsTest {
    @TempDir
    Path directory;

    private ComposefsDirectory unpacked(String vector) throws Exception {
        return Fixture.open(Fixture.unpack(vector, directory));
    }

    @ParameterizedTest
    @EnumSource
    void itsRepositoryIsReadAndCheckedLikeItDoes(ObjectHash hash) throws Exception {
        try (TransferManager transfers = TransferManager.create();
                ComposefsDirectory store = unpacked("repo-" + hash.label() + ".tar.zst")) {
            assertThat(store.hash()).isEqualTo(hash);
            Repository repository = Repository.of(store);
            FsckReport report = SplitEngine.of(transfers)
                    .fsck(repository, FsckOptions.DEFAULT)
                    .join();
            assertThat(report.problems()).isEmpty();
            assertThat(report.foreign()).isEmpty();
            assertThat(Vectors.lines("fsck-" + hash.label() + ".txt"))
                    .contains(
                            "objects: " + report.objects() + "/" + report.objects() + " ok",
                            "streams: " + report.streams() + "/" + report.streams() + " ok",
                            "images: " + report.images() + "/" + report.images() + " ok");
            for (List<String> tar : Vectors.table("tars-" + hash.label() + ".tsv")) {
                ByteBuffer content = Vectors.decompress("tars/" + tar.get(0) + ".tar.zst");
                assertThat(repository.stream("refs/vec/" + tar.get(0)).hex()).isEqualTo(tar.get(3));
                Fixture.assertSame(
                        Fixture.merge(transfers, repository, "refs/vec/" + tar.get(0), content.remaining()), content);
            }
            CollectReport collected = Fixture.collect(repository, CollectOptions.DEFAULT);
            assertThat(collected.isClean()).isTrue();
            assertThat(collected.objectsDeleted()).isZero();
            assertThat(collected.objectsKept()).isEqualTo(report.objects());
        }
    }

    @ParameterizedTest
    @EnumSource
    void itsContainerImageIsCheckedAndCollectedLikeItDoes(ObjectHash hash) throws Exception {
        try (TransferManager transfers = TransferManager.create();
                ComposefsDirectory store = unpacked("oci/repo-" + hash.label() + ".tar.zst")) {
            Repository repository = Repository.of(store);
            FsckReport report = SplitEngine.of(transfers)
                    .fsck(repository, FsckOptions.DEFAULT)
                    .join();
            assertThat(report.problems()).isEmpty();
            assertThat(List.of(report.objects(), report.streams(), report.images(), report.refs()))
                    .containsExactly(11L, 4L, 1L, 1L);
            List<String> expected = Vectors.lines("oci/gc-" + hash.label() + ".txt");

            CollectReport dry = Fixture.collect(
                    repository, CollectOptions.builder().dryRun(true).build());
            assertThat(dry.broken()).isEmpty();
            assertThat("Objects: " + dry.objectsDeleted() + " removed (" + dry.bytesDeleted() + " bytes)")
                    .isEqualTo(expected.get(1));
            assertThat(Fixture.objects(store)).hasSize(11);

            repository.deleteRef(repository.refs().get(0));
            CollectReport all = Fixture.collect(repository, CollectOptions.DEFAULT);
            assertThat("Objects: " + all.objectsDeleted() + " removed (" + all.bytesDeleted() + " bytes)")
                    .isEqualTo(expected.get(3));
            assertThat(all.linksDeleted()).hasSize(5);
            assertThat(Fixture.objects(store)).isEmpty();
            assertThat(Files.exists(directory.resolve("meta.json"))).isTrue();
        }
    }
}
