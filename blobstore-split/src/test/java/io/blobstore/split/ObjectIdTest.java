package io.blobstore.split;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ObjectIdTest {
    private static ObjectId random(ObjectHash hash, Random random) {
        byte[] bytes = new byte[hash.bytes()];
        random.nextBytes(bytes);
        return ObjectId.of(hash, bytes);
    }

    @ParameterizedTest
    @EnumSource
    void textsAndBytesNameTheSameId(ObjectHash hash) {
        ObjectId id = random(hash, new Random(1));
        assertThat(ObjectId.parse(hash, id.hex())).isEqualTo(id).hasSameHashCodeAs(id);
        assertThat(ObjectId.parsePath(hash, id.path())).isEqualTo(id);
        assertThat(ObjectId.of(hash, id.toByteArray())).isEqualTo(id);
        assertThat(id.path()).matches("[0-9a-f]{2}/[0-9a-f]+").hasSize(2 * hash.bytes() + 1);
        assertThat(id).hasToString(hash.label() + ":" + id.hex());
        assertThat(id.toByteArray()).hasSize(hash.bytes()).isNotSameAs(id.toByteArray());
    }

    @Test
    void idsAreOrderedAsTheirTexts() {
        Random random = new Random(2);
        List<ObjectId> ids = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            ids.add(random(ObjectHash.SHA_256, random));
        }
        List<ObjectId> byText =
                ids.stream().sorted(Comparator.comparing(ObjectId::hex)).toList();
        assertThat(ids.stream().sorted()).isEqualTo(byText);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "00",
                "3d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af9",
                "3D248CA542A24FC62D1C43B916EAE5016878E2533C88238480B26128A1F1AF95",
                "gd248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95",
                "３d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95"
            })
    void onlyLowerCaseDigitsOfTheRightNumberAreIds(String text) {
        assertThat(ObjectId.isId(ObjectHash.SHA_256, text)).isFalse();
        assertThatThrownBy(() -> ObjectId.parse(ObjectHash.SHA_256, text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("64 lower-case");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "3d", "3d2/48ca", "3d/", "3d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95"})
    void otherPathsAreNoIds(String path) {
        assertThatThrownBy(() -> ObjectId.parsePath(ObjectHash.SHA_256, path))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void hashFunctionsAreFoundByBothNames() {
        for (ObjectHash hash : ObjectHash.values()) {
            assertThat(ObjectHash.of(hash.label())).isEqualTo(hash);
            assertThat(ObjectHash.of(hash.metaName())).isEqualTo(hash);
        }
        assertThatThrownBy(() -> ObjectHash.of("md5")).hasMessageContaining("known are sha256, sha512");
    }

    @Test
    void contentTypesAreEightCharacters() {
        assertThat(ContentType.OCI_LAYER).hasToString("ocilayer").isEqualTo(ContentType.of("ocilayer"));
        assertThat(ContentType.OCI_LAYER.value()).isEqualTo(0x726579616c69636fL);
        assertThat(ContentType.NONE).hasToString("0x0");
        assertThatThrownBy(() -> ContentType.of("short")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ContentType.of("zu_länge")).isInstanceOf(IllegalArgumentException.class);
    }
}
