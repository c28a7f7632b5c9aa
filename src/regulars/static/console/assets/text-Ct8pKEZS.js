function c(a){return a.charAt(0).toLocaleUpperCase()+a.slice(1)}export{c};
