package io.blobstore.gcs.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ReadResult;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class GrpcReadsTest extends GrpcReadsBase {
    @Test
    void aRangeIsReadIntoDirectMemory() throws IOException {
        long generation = fake.put("blob", CONTENT);
        ByteBuffer target = ByteBuffer.allocateDirect(CONTENT.length);

        ReadResult read = reads.read(KEY, "blob", ByteRange.all(), Optional.empty(), BlobTarget.Window.of(target));

        assertThat(read.length()).isEqualTo(CONTENT.length);
        assertThat(read.blob().version().toString()).isEqualTo("" + generation);
        assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(CONTENT));
    }
}
