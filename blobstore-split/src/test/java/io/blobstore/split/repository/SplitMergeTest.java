package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobSource;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.split.ContentType;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.Vectors;
import io.blobstore.transfer.TransferManager;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("jdk")
@ExtendWith(LeakCheck.class)
class SplitMergeTest {
    @ParameterizedTest
    @EnumSource
    void everyTarOfTheVectorsHasTheStreamOfComposefsAndComesBack(ObjectHash hash) throws Exception {
        try (TransferManager transfers = TransferManager.create();
                InMemoryBlobStore store = new InMemoryBlobStore()) {
            Repository repository = Repository.of(BlobStoreObjects.of(store, hash));
            List<List<String>> tars = Vectors.table("tars-" + hash.label() + ".tsv");
            assertThat(tars).hasSize(37);
            for (List<String> tar : tars) {
                String name = tar.get(0);
                ByteBuffer content = Vectors.decompress("tars/" + name + ".tar.zst");
                SplitResult split = SplitEngine.of(transfers)
                        .split(
                                repository,
                                name,
                                BlobSource.of(content),
                                SplitOptions.builder()
                                        .contentType(ContentType.OCI_LAYER)
                                        .ref("vec/" + name)
                                        .build())
                        .join();
                assertThat(split.stream().hex()).as(name).isEqualTo(tar.get(3));
                assertThat(repository.stream("refs/vec/" + name)).isEqualTo(split.stream());
                Fixture.assertSame(Fixture.merge(transfers, repository, name, content.remaining()), content);
            }
            long objects = Vectors.table("objects-" + hash.label() + ".tsv").size();
            assertThat(Fixture.objects(repository.objects())).hasSize((int) objects);
            assertThat(store.list(io.blobstore.ListOptions.prefix(".split/")).hasNext())
                    .isFalse();
        }
    }
}
