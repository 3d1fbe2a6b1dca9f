package io.blobstore.server.internal.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.blobstore.Sha256;
import io.blobstore.cas.Digest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResourceNameTest {
    private static final String HASH = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    private static final Digest DIGEST = new Digest(Sha256.parse(HASH), 5);

    @ParameterizedTest
    @ValueSource(strings = {"blobs/H/5", "instance/blobs/H/5", "a/b/blobs/H/5"})
    void namesOfContentAsItIs(String name) {
        assertThat(ResourceName.ofRead(name.replace("H", HASH))).isEqualTo(new ResourceName(DIGEST, false));
    }

    @ParameterizedTest
    @ValueSource(strings = {"compressed-blobs/zstd/H/5", "a/b/compressed-blobs/zstd/H/5"})
    void namesOfFrames(String name) {
        assertThat(ResourceName.ofRead(name.replace("H", HASH))).isEqualTo(new ResourceName(DIGEST, true));
    }

    @ParameterizedTest
    @ValueSource(strings = {"uploads/u/blobs/H/5", "a/uploads/u/blobs/H/5", "uploads/u/blobs/H/5/some/file.txt"})
    void namesOfUploads(String name) {
        assertThat(ResourceName.ofWrite(name.replace("H", HASH))).isEqualTo(new ResourceName(DIGEST, false));
    }

    @Test
    void namesOfUploadsOfFrames() {
        assertThat(ResourceName.ofWrite("i/uploads/u/compressed-blobs/zstd/" + HASH + "/5"))
                .isEqualTo(new ResourceName(DIGEST, true));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/",
                "blobs",
                "blobs/H",
                "blobs/H/",
                "blobs/H/-5",
                "blobs/H/+5",
                "blobs/H/5/x",
                "blobs/blobs/H/5",
                "blobs/H/5x",
                "blobs/H/99999999999999999999",
                "blobs/H/9999999999999999999",
                "blobs/abc/5",
                "blobs/../5",
                "compressed-blobs/H/5",
                "compressed-blobs/deflate/H/5",
                "blobs/blake3/H/5",
                "uploads/u/blobs/H/5"
            })
    void otherNamesAreNotRead(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ResourceName.ofRead(name.replace("H", HASH)))
                .withMessageContaining("resource name");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "blobs/H/5", "uploads/blobs/H/5", "uploads/u/blobs/H", "uploads/u/x/H/5"})
    void otherNamesAreNotWritten(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ResourceName.ofWrite(name.replace("H", HASH)))
                .withMessageContaining("expected");
    }

    @Test
    void hugeNamesAreRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> ResourceName.ofRead("x/".repeat(10_000)));
    }
}
