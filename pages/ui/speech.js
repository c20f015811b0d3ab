// Tell the browser the language of the page, for its screen reader and the shapes of Han characters.

export default function speech({ data }) {
  document.documentElement.lang = data;
}
