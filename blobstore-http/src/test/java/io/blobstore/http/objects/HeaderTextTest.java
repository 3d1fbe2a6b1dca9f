package io.blobstore.http.objects;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HeaderTextTest {
    @ParameterizedTest
    @ValueSource(strings = {"", "plain", "Zoë", "€ and 𝄞", "ÄMÄZÕÑ"})
    void textIsSentAndReceivedAsUtf8(String text) {
        String sent = HeaderText.wire(text);

        assertThat(sent.getBytes(ISO_8859_1)).isEqualTo(text.getBytes(UTF_8));
        assertThat(HeaderText.utf8(sent)).isEqualTo(text);
        assertThat(HeaderText.decodeWords(sent)).isEqualTo(text);
    }

    @Test
    void bytesThatAreNotUtf8AreIso88591() {
        assertThat(HeaderText.utf8("caf\u00e9")).isEqualTo("café");
        assertThat(HeaderText.decodeWords("caf\u00e9")).isEqualTo("café");
    }

    @ParameterizedTest
    @CsvSource({
        "=?UTF-8?B?w4RNw4Raw5XDkSBTMw==?=, ÄMÄZÕÑ S3",
        "=?utf-8?q?=C3=A9_b?=, é b",
        "=?ISO-8859-1?Q?caf=E9?=, café",
        "a =?UTF-8?B?Yg==?= c, a b c",
        "=?UTF-8?B?YQ==?= =?UTF-8?B?Yg==?=, ab"
    })
    void encodedWordsAreDecoded(String received, String text) {
        assertThat(HeaderText.decodeWords(received)).isEqualTo(text);
    }

    /** S3 takes the bytes of a header for ISO 8859-1, and returns these characters in UTF-8. */
    @ParameterizedTest
    @ValueSource(strings = {"ÄMÄZÕÑ S3", "€"})
    void utf8InsideAnEncodedWordIsDecodedAgain(String text) {
        String stored = new String(text.getBytes(UTF_8), ISO_8859_1);
        String word = "=?UTF-8?B?" + Base64.getEncoder().encodeToString(stored.getBytes(UTF_8)) + "?=";

        assertThat(HeaderText.decodeWords(word)).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "=?UTF-8?B?/w==?=",
                "=?UTF-8?B?not base64?=",
                "=?UTF-8?Q?=C?=",
                "=?UTF-8?Q?=zz?=",
                "=?x-unknown?B?YQ==?=",
                "=?UTF-8?X?YQ==?=",
                "=?UTF-8?B?YQ==",
                "=?"
            })
    void whatIsNoEncodedWordIsKept(String text) {
        assertThat(HeaderText.decodeWords(text)).isEqualTo(text);
    }
}
