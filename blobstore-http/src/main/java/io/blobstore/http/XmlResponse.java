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
 * The small XML documents in which stores answer: a root, and elements with a text right below it. Looks at nothing but
 * the body itself: no document type, no entity, no other file.
 *
 * @param root the root's name; empty if it is no XML
 * @param elements the texts of those below it, by name; the first of each. What is deeper is left out
 * @param whole whether the document was read to its end
 */
public record XmlResponse(String root, Map<String, String> elements, boolean whole) {
    private static final XMLInputFactory XML = factory();

    /** Reads a body as far as it goes: of one that is cut off, what came first may still tell something. */
    public static XmlResponse of(byte[] body) {
        Builder builder = new Builder();
        boolean whole = false;
        if (body.length > 0) {
            try {
                builder.read(XML.createXMLStreamReader(new ByteArrayInputStream(body)));
                whole = true;
            } catch (XMLStreamException | RuntimeException e) {
                whole = false; // cut off, or no XML
            }
        }
        return new XmlResponse(builder.root, Map.copyOf(builder.elements), whole);
    }

    /** The text of an element. */
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
                        // nothing that says anything
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
