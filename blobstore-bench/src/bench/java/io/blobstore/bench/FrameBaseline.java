package io.blobstore.bench;

import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdDecompressCtx;
import io.blobstore.Sha256;
import io.blobstore.memory.Lease;
import io.blobstore.memory.MappedFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;

/** Compresses and hashes frames of 1 MiB of a mapped file, or decodes them, without any storage. */
final class FrameBaseline implements Workload.Run {
    private static final int FRAME = 1 << 20;

    private final MappedFile source;
    private final Lease mapped;
    private final ByteBuffer content;
    private final ByteBuffer memory = ByteBuffer.allocateDirect(2 * FRAME);
    private final ByteBuffer decoded;
    private final List<ByteBuffer> frames = new ArrayList<>();
    private final ZstdCompressCtx compressor = new ZstdCompressCtx().setLevel(1).setChecksum(true);
    private final ZstdDecompressCtx decompressor = new ZstdDecompressCtx();

    private FrameBaseline(Workload.Spec spec, boolean decodes) throws IOException {
        source = MappedFile.open(spec.source());
        mapped = source.region().acquire();
        content = mapped.buffers().get(0);
        decoded = ByteBuffer.allocateDirect(decodes ? content.capacity() : 0);
        for (int at = 0; decodes && at < content.capacity(); at += FRAME) {
            int length = compress(at);
            frames.add(ByteBuffer.allocateDirect(length)
                    .put(memory.slice(0, length))
                    .flip());
        }
    }

    static Workload.Run compress(Workload.Spec spec) throws IOException {
        return new FrameBaseline(spec, false);
    }

    static Workload.Run decode(Workload.Spec spec) throws IOException {
        return new FrameBaseline(spec, true);
    }

    private int compress(int at) {
        int length = Math.min(FRAME, content.capacity() - at);
        return compressor.compressDirectByteBuffer(memory, 0, memory.capacity(), content, at, length);
    }

    @Override
    public void round() {
        if (frames.isEmpty()) {
            MessageDigest digest = Sha256.newMessageDigest();
            for (int at = 0; at < content.capacity(); at += FRAME) {
                compress(at);
                digest.update(content.slice(at, Math.min(FRAME, content.capacity() - at)));
            }
            digest.digest();
            return;
        }
        int at = 0;
        for (ByteBuffer frame : frames) {
            at += decompressor.decompressDirectByteBuffer(
                    decoded, at, Math.min(FRAME, decoded.capacity() - at), frame, 0, frame.capacity());
        }
        if (at != content.capacity()) {
            throw new BenchmarkException("the frames hold " + at + " bytes");
        }
    }

    @Override
    public void close() throws IOException {
        compressor.close();
        decompressor.close();
        mapped.close();
        source.close();
    }
}
