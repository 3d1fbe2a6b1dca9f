package io.blobstore.http;

import java.io.ByteArrayInputStream;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * The root element of an XML response and the texts of the elements directly below it. Document types and external
 * entities are not supported.
 *
 * @param root the root's name; empty if the body is not XML
 * @param elements the texts of the elements directly below the root by name, the first of each name
 * @param whole whether the document was parsed to its end
 */
public record XmlResponse(String root, Map<String, String> elements, boolean whole) {
    static final XMLInputFactory XML = factory();

    /** Parses a body as far as possible: the beginning of a truncated one may still be useful. */
    public static XmlResponse of(byte[] body) {
        Builder builder = new Builder();
        boolean whole = false;
        if (body.length > 0) {
            try {
                builder.read(XML.createXMLStreamReader(new ByteArrayInputStream(body)));
                whole = true;
            } catch (XMLStreamException | RuntimeException e) {
                whole = false; // truncated, or not XML
            }
        }
        return new XmlResponse(builder.root, Map.copyOf(builder.elements), whole);
    }

    /** Returns the text of the first element with a name directly below the root. */
    public Optional<String> text(String name) {
        return Optional.ofNullable(elements.get(name));
    }

    private static final class Builder {
        private final Map<String, String> elements = new TreeMap<>();
        private String root = "";

        void read(XMLStreamReader reader) throws XMLStreamException {
            StringBuilder text = new StringBuilder();
            int depth = 0;
            while (reader.hasNext()) {
                switch (reader.next()) {
                    case XMLStreamConstants.START_ELEMENT -> {
                        depth++;
                        text.setLength(0);
                        if (depth == 1) {
                            root = reader.getLocalName();
                        }
                    }
                    case XMLStreamConstants.CHARACTERS -> text.append(reader.getText());
                    case XMLStreamConstants.END_ELEMENT -> {
                        if (depth == 2) {
                            elements.putIfAbsent(reader.getLocalName(), text.toString());
                        }
                        depth--;
                        text.setLength(0);
                    }
                    default -> {
                        // comments and processing instructions are ignored
                    }
                }
            }
        }
    }

    private static XMLInputFactory factory() {
        XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        return factory;
    }
}
