package io.blobstore.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import io.blobstore.BlobKey;
import io.blobstore.InvalidBlobKeyException;
import io.blobstore.Operation;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests keys on file systems of other operating systems. */
class KeyPathsTest {
    @ParameterizedTest
    @ValueSource(strings = {"DIR/blob", "dir/BLOB", "Dir/Blob"})
    void aKeyThatDiffersOnlyInCaseIsRefusedWhereCaseIsIgnored(String twin) throws IOException {
        try (FileSystem mac = Jimfs.newFileSystem(Configuration.osX())) {
            Path root = Files.createDirectories(mac.getPath("/root"));
            Files.createFile(Files.createDirectory(root.resolve("dir")).resolve("blob"));
            KeyPaths paths = KeyPaths.of(root);

            BlobKey same = BlobKey.of("dir/blob");
            assertThat(paths.stat(Operation.HEAD, same, paths.resolve(Operation.HEAD, same)))
                    .isPresent();
            BlobKey other = BlobKey.of(twin);
            assertThatThrownBy(() -> paths.stat(Operation.HEAD, other, paths.resolve(Operation.HEAD, other)))
                    .isInstanceOf(InvalidBlobKeyException.class)
                    .hasMessageContaining("differs only in case");
            assertThatThrownBy(() -> new Directories(paths, Durability.NONE)
                            .makeAbove(Operation.STORE, BlobKey.of("DIR/new"), root.resolve("DIR/new")))
                    .isInstanceOf(InvalidBlobKeyException.class)
                    .hasMessageContaining("differs only in case");
        }
    }

    @Test
    void aKeyThatDiffersOnlyInCaseIsAnotherKeyWhereCaseMatters() throws IOException {
        try (FileSystem linux = Jimfs.newFileSystem(Configuration.unix())) {
            Path root = Files.createDirectories(linux.getPath("/root"));
            Files.createFile(root.resolve("blob"));
            KeyPaths paths = KeyPaths.of(root);
            BlobKey twin = BlobKey.of("BLOB");
            assertThat(paths.stat(Operation.HEAD, twin, paths.resolve(Operation.HEAD, twin)))
                    .isEmpty();
        }
    }

    @Test
    void aBackslashIsRefusedWhereItSeparatesDirectories() throws IOException {
        try (FileSystem windows = Jimfs.newFileSystem(Configuration.windows())) {
            KeyPaths paths = KeyPaths.of(Files.createDirectories(windows.getPath("C:\\root")));
            assertThatThrownBy(() -> paths.resolve(Operation.STORE, BlobKey.of("..\\outside")))
                    .isInstanceOf(InvalidBlobKeyException.class)
                    .hasMessageContaining("'\\'");
        }
    }
}
