package io.blobstore.split.internal.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonReaderTest {
    private static final String DOCUMENT = """
        {"s": "a\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\ude00é", "n": -12, "big": 9223372036854775807,
         "o": {"x": {"y": "z"}}, "list": ["1", "2"], "objects": [{}, {"a": "b"}], "no": null,
         "d": [1.5e+3, 0.0, -0, 1E2, 99999999999999999999, true, false, null, [], {}]}
        """;

    private static JsonObject parse(String text) throws JsonFormatException {
        return JsonReader.parseObject(StandardCharsets.UTF_8.encode(text));
    }

    @Test
    void membersHaveTheirTypes() throws Exception {
        JsonObject object = parse(DOCUMENT);
        assertThat(object.string("s")).isEqualTo("a\"\\/\b\f\n\r\té\uD83D\ude00é");
        assertThat(object.integer("n")).isEqualTo(-12);
        assertThat(object.integer("big")).isEqualTo(Long.MAX_VALUE);
        assertThat(object.object("o").object("x").string("y")).isEqualTo("z");
        assertThat(object.strings("list")).containsExactly("1", "2");
        assertThat(object.objects("objects").get(1).stringMembers()).isEqualTo(Map.of("a", "b"));
        assertThat(object.optionalString("no")).isEmpty();
        assertThat(object.optionalObject("none")).isEmpty();
    }

    @Test
    void anotherTypeIsNamed() throws Exception {
        JsonObject object = parse(DOCUMENT);
        assertThatThrownBy(() -> object.integer("s")).hasMessage("its member 's' must be an integer");
        assertThatThrownBy(() -> object.string("o")).hasMessage("its member 'o' must be a string");
        assertThatThrownBy(() -> object.string("no")).hasMessage("its member 'no' is missing");
        assertThatThrownBy(() -> object.object("list")).hasMessage("its member 'list' must be an object");
        assertThatThrownBy(() -> object.strings("o")).hasMessage("its member 'o' must be an array");
        assertThatThrownBy(() -> object.strings("objects")).hasMessageContaining("array of strings");
        assertThatThrownBy(() -> object.objects("list")).hasMessageContaining("array of objects");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "1",
                "[]",
                "{",
                "{]",
                "{}}",
                "{} {}",
                "{'a':1}",
                "{a:1}",
                "{\"a\"}",
                "{\"a\":}",
                "{\"a\":1,}",
                "{\"a\":1 \"b\":2}",
                "{\"a\":[1,]}",
                "{\"a\":[1 2]}",
                "{\"a\":01}",
                "{\"a\":+1}",
                "{\"a\":.5}",
                "{\"a\":1.}",
                "{\"a\":1e}",
                "{\"a\":-}",
                "{\"a\":tru}",
                "{\"a\":nul",
                "{\"a\":NaN}",
                "{\"a\":\"\n\"}",
                "{\"a\":\"\\x\"}",
                "{\"a\":\"\\u12g4\"}",
                "{\"a\":\"\\u12",
                "{\"a\":\"",
                "{\"a\":1,\"a\":1}",
                "{\"a\":1,\"\\u0061\":1}",
                "\uFEFF{}"
            })
    void anythingElseIsRefused(String text) {
        assertThatThrownBy(() -> parse(text)).isInstanceOf(JsonFormatException.class);
    }

    @Test
    void whatIsNotUtf8IsRefused() {
        assertThatThrownBy(() -> JsonReader.parseObject(ByteBuffer.wrap(new byte[] {'{', '"', (byte) 0xff, '"', ':'})))
                .isInstanceOf(JsonFormatException.class)
                .hasMessage("it is not UTF-8");
    }

    @Test
    void depthAndNumberOfValuesAreBounded() throws Exception {
        assertThat(parse("{\"a\":" + "[".repeat(64) + "]".repeat(64) + "}")).isNotNull();
        for (String text : List.of(
                "{\"a\":" + "[".repeat(65) + "]".repeat(65) + "}",
                "{\"a\":".repeat(1_000_000),
                "{\"a\":[" + "{},".repeat(100_000) + "{}]}")) {
            assertThatThrownBy(() -> parse(text))
                    .isInstanceOf(JsonFormatException.class)
                    .hasMessageContaining("more than 100000 values");
        }
    }

    @Test
    void damageNeverThrowsAnythingElse() {
        byte[] valid = DOCUMENT.getBytes(StandardCharsets.UTF_8);
        SplittableRandom random = new SplittableRandom(1);
        int refused = 0;
        for (int round = 0; round < 3_000; round++) {
            byte[] damaged = valid.clone();
            for (int i = random.nextInt(1, 4); i > 0; i--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            }
            try {
                JsonReader.parseObject(ByteBuffer.wrap(damaged, 0, random.nextInt(damaged.length + 1)));
            } catch (JsonFormatException e) {
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(1_500);
    }
}
