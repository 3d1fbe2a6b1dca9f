package io.blobstore.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers in XML: what they say, as far as they go, and nothing of what is not in them. */
class XmlResponseTest {
    private static XmlResponse read(String text) {
        return XmlResponse.of(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void elementsBelowTheRootAreRead() {
        XmlResponse answer = read("<?xml version=\"1.0\"?>\n<Error xmlns='urn:x'><Code>A &amp; B</Code><Empty/>"
                + "<Deep><Code>no</Code></Deep><Code>second</Code><Text><![CDATA[<x>]]>y</Text></Error>");

        assertThat(answer.root()).isEqualTo("Error");
        assertThat(answer.text("Code")).contains("A & B");
        assertThat(answer.text("Empty")).contains("");
        assertThat(answer.text("Text")).contains("<x>y");
        assertThat(answer.text("None")).isEmpty();
        assertThat(answer.whole()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<Error><Code>Slow</Code><Mess",
                "<Error><Code>Slow</Code><Message>come ba",
                "<Error><Code>Slow</Code>",
                "<Error><Code>Slow</Code></Err",
                "<Error><Code>Slow</Code></Other>",
                "<Error><Code>Slow</Code></Error><Error/>"
            })
    void whatComesBeforeTheCutIsKept(String text) {
        XmlResponse answer = read(text);

        assertThat(answer.root()).isEqualTo("Error");
        assertThat(answer.text("Code")).contains("Slow");
        assertThat(answer.whole()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "{}", "no", "<", "\u0000", "<!DOCTYPE x><x>"})
    void whatIsNoXmlSaysNothing(String text) {
        XmlResponse answer = read(text);

        assertThat(answer.elements()).isEmpty();
        assertThat(answer.whole()).isFalse();
    }

    @Test
    void noOtherFileIsRead(@TempDir Path directory) throws Exception {
        Path secret = Files.writeString(directory.resolve("secret"), "secret");
        XmlResponse answer = read(
                "<!DOCTYPE Error [<!ENTITY e SYSTEM \"" + secret.toUri() + "\">]><Error><Code>x&e;</Code></Error>");

        assertThat(answer.toString()).doesNotContain("secret\"").doesNotContain("=xsecret");
    }
}
