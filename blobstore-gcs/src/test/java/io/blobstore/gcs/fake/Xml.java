package io.blobstore.gcs.fake;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import javax.xml.stream.XMLStreamWriter;

/** An element of an XML document, with text or with elements inside. Not thread-safe. */
final class Xml {
    private static final String NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";

    private final String name;
    private final List<Xml> children = new ArrayList<>();
    private String text = "";

    Xml(String name) {
        this.name = name;
    }

    Xml text(String child, Object value) {
        Xml element = new Xml(child);
        element.text = String.valueOf(value);
        children.add(element);
        return this;
    }

    Xml element(String child, UnaryOperator<Xml> content) {
        children.add(content.apply(new Xml(child)));
        return this;
    }

    byte[] bytes() {
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            XMLStreamWriter writer = XMLOutputFactory.newDefaultFactory().createXMLStreamWriter(bytes, "UTF-8");
            writer.writeStartDocument("UTF-8", "1.0");
            write(writer, !name.equals("Error"));
            writer.writeEndDocument();
            writer.close();
            return bytes.toByteArray();
        } catch (XMLStreamException e) {
            throw new IllegalStateException(e);
        }
    }

    private void write(XMLStreamWriter writer, boolean namespace) throws XMLStreamException {
        writer.writeStartElement(name);
        if (namespace) {
            writer.writeDefaultNamespace(NAMESPACE);
        }
        writer.writeCharacters(text);
        for (Xml child : children) {
            child.write(writer, false);
        }
        writer.writeEndElement();
    }

    /** A part as the body of a completion names it. */
    record NamedPart(int number, String etag) {}

    /** Reads the body of a completion. */
    static List<NamedPart> parts(byte[] body) throws Refusal {
        List<NamedPart> parts = new ArrayList<>();
        try {
            XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
            factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
            XMLStreamReader reader =
                    factory.createXMLStreamReader(new ByteArrayInputStream(body), StandardCharsets.UTF_8.name());
            reader.nextTag();
            reader.require(XMLStreamConstants.START_ELEMENT, null, "CompleteMultipartUpload");
            while (reader.nextTag() == XMLStreamConstants.START_ELEMENT) {
                reader.require(XMLStreamConstants.START_ELEMENT, null, "Part");
                parts.add(part(reader));
            }
            while (reader.hasNext()) {
                reader.next(); // fails if the document goes on
            }
        } catch (XMLStreamException | NumberFormatException e) {
            throw malformed();
        }
        if (parts.isEmpty()) {
            throw malformed();
        }
        return parts;
    }

    private static NamedPart part(XMLStreamReader reader) throws XMLStreamException, Refusal {
        int number = 0;
        String etag = "";
        while (reader.nextTag() == XMLStreamConstants.START_ELEMENT) {
            switch (reader.getLocalName()) {
                case "PartNumber" ->
                    number = Integer.parseInt(reader.getElementText().strip());
                case "ETag" -> etag = reader.getElementText().strip();
                default -> throw malformed();
            }
        }
        if (number == 0 || etag.isEmpty()) {
            throw malformed();
        }
        return new NamedPart(number, etag);
    }

    private static Refusal malformed() {
        return Refusal.badRequest(
                "MalformedXML",
                "The XML you provided was not well-formed or did not validate against our published schema.");
    }
}
