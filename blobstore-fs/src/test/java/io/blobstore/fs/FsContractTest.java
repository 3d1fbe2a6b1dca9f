package io.blobstore.fs;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.contract.BlobStoreContract;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.List;

/** Runs the contract tests on the local store. */
class FsContractTest extends BlobStoreContract {
    private Path root = Path.of("");

    @Override
    protected BlobStore openStore(Path directory) throws IOException {
        root = directory;
        return FsBlobStore.open(directory);
    }

    @Override
    protected boolean supportsKey(String name) {
        return List.of(name.split("/", -1)).stream()
                .allMatch(segment -> !segment.isEmpty()
                        && !segment.equals(".")
                        && !segment.equals("..")
                        && segment.indexOf('\0') < 0
                        && segment.getBytes(StandardCharsets.UTF_8).length <= 255);
    }

    @Override
    protected boolean supportsKeysBelowKeys() {
        return false;
    }

    /** Damages content as a failing device would: the file's attributes stay. */
    @Override
    protected boolean damage(BlobKey key) throws IOException {
        Path file = root.resolve(key.toString());
        FileTime modified = Files.getLastModifiedTime(file);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer one = ByteBuffer.allocate(1);
            channel.read(one, channel.size() / 2);
            one.put(0, (byte) (one.get(0) ^ 1)).rewind();
            channel.write(one, channel.size() / 2);
        }
        Files.setLastModifiedTime(file, modified);
        return true;
    }

    @Override
    protected List<String> leftovers() throws IOException {
        return Tree.temporaries(root);
    }
}
